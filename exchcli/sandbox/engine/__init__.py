"""The exchange itself: orders are matched, money moves, time passes."""
