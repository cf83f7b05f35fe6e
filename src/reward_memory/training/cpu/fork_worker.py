"""Started by Ray in place of its setup_worker.py: asks `cpu.main_ppo` for a fork that becomes the worker."""

import argparse
import json
import os
import socket

#: Environment variable with the path of the socket that takes requests.
SOCKET = "REWARD_MEMORY_FORKS"


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--serialized-runtime-env-context", default="{}")
    parser.add_argument("--language")
    known, arguments = parser.parse_known_args()
    request = {
        "arguments": arguments,
        "context": known.serialized_runtime_env_context,
        "environment": dict(os.environ),
        "folder": os.getcwd(),
    }
    content = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ[SOCKET])
        socket.send_fds(connection, [len(content).to_bytes(8, "big")], [0, 1, 2])
        connection.sendall(content)
        connection.recv(1)  # ends with the worker


if __name__ == "__main__":
    main()
