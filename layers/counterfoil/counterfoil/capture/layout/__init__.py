"""Reading a page without templates: words with geometry in, header fields and lines out."""
