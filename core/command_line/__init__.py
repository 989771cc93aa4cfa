"""What people type: bin/rosey up, status, say and the rest."""
