"""What can be seen of people: faces, action units, gaze, heads, hands, posture, and whose lips move with the sound."""
