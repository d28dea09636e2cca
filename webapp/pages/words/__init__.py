"""What the pages say, a module for each page; the browser fills in `{name}`."""
