"""Where frames come from: files, pictures, streams and cameras."""
