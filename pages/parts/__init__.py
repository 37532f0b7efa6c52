"""What the screens share: the look, the top bar and the widgets of the review desk."""
