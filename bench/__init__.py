"""What distance does to each page (`make lab`), and what a page costs (`make bench`)."""
