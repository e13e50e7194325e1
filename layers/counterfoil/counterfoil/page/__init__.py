"""What the page for people shows, without the page itself: words, forms, and what belongs to one invoice."""
