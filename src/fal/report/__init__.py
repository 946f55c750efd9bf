"""What a flow leaves to be read: its facts as JSON, one page, and the plots of its scripts."""
