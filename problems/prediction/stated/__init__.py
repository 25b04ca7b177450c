"""What a problem file may say."""
