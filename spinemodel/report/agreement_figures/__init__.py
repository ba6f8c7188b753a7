"""The pictures of an agreement: distances, contours, Dice and Bland-Altman as charts, and models in colours."""
