"""What surrounds the nervous tissue: dural shell and sleeves, fat, bone, discs, muscle and the rest of the trunk."""
