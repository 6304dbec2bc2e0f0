"""What keeps the shop going: imports, exports, letters, pictures, training, backups, what is due when."""
