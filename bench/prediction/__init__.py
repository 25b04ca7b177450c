"""What is answered here against what people would pick instead, on the same sealed rows."""
