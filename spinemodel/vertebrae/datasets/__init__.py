"""What VerSe and SPIDER say of their scans, as typed rows, and what is counted of them."""
