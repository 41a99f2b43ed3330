"""Exit 0 when the PostgreSQL of DATABASE_URL and the Redis of REDIS_URL answer; else say which not."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis


def without_password(address: str) -> str:
    parts = urlsplit(address)
    if parts.password is None:
        return address
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(parts.password, "***", 1)))


def main() -> int:
    database, broker = os.environ["DATABASE_URL"], os.environ["REDIS_URL"]
    problems = []
    # The database that is named may be made by the tests; the server must be there.
    server = urlunsplit(urlsplit(database)._replace(path="/postgres"))
    try:
        psycopg2.connect(server, connect_timeout=5).close()
    except psycopg2.Error as error:
        problems.append(
            f"PostgreSQL does not answer at DATABASE_URL={without_password(database)}: "
            f"{str(error).strip()}"
        )
    try:
        redis.Redis.from_url(broker, socket_connect_timeout=5).ping()
    except (redis.RedisError, OSError, ValueError) as error:
        problems.append(
            f"Redis does not answer at REDIS_URL={without_password(broker)}: {str(error).strip()}"
        )
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print("The service tests need both and do not run without them.", file=sys.stderr)
    return 2 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
