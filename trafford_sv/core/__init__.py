"""The ground floor: users, access, audit, periods, money, workbooks, imports, shared page parts."""
