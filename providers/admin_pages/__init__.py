"""What the buttons of the providers' pages do, and their pages that are no list or form. Each names its permission."""
