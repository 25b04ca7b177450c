"""Pictures: files of the field into pictures of one size, pictures into numbers, copies found."""
