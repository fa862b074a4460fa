"""How the book grows, and how its build compares with the plain one."""
