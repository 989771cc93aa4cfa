"""What people in the room have said, kept."""
