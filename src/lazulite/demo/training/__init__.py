"""What a demo job runs in a process of its own: real training by gradient descent with NumPy."""
