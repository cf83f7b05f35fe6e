"""Script that Ray starts instead of its setup_worker.py: requests a fork of `cpu.main_ppo` that becomes the worker."""

import argparse
import json
import os
import socket

#: Environment variable with the path of the socket that receives requests.
SOCKET = "REWARD_MEMORY_FORKS"


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--serialized-runtime-env-context", default="{}")
    parser.add_argument("--language")
    options, arguments = parser.parse_known_args()
    request = {
        "arguments": arguments,
        "context": options.serialized_runtime_env_context,
        "environment": dict(os.environ),
        "folder": os.getcwd(),
    }
    content = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ[SOCKET])
        socket.send_fds(connection, [len(content).to_bytes(8, "big")], [0, 1, 2])
        connection.sendall(content)
        connection.recv(1)  # returns when the worker ends


if __name__ == "__main__":
    main()
