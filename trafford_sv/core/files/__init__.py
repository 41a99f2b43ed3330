"""What may come in as a file: its kind by its bytes, its picture drawn anew, its text looked over.

Pure: no Django, no clock. Every upload of every app asks here.
"""
