"""What the chapters import: the data and its checks, statistics, words, numbers, figures and tables."""
