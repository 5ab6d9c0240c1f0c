"""Drives one simulated firewall with pan-os-python as its registry has it: check, download, job polling.

Arguments: host, port, version. The login comes from the environment. Prints one line of JSON with what the
library understood; `public_client.rs` compares it with the simulator's own state.
"""

import json
import os
import sys

from panos.firewall import Firewall
from panos.panorama import Panorama


def main():
    kind, host, port, version = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    login = (os.environ["SIMULATOR_USERNAME"], os.environ["SIMULATOR_PASSWORD"])
    if kind == "panorama":
        panorama = Panorama(host, *login, port=port)
        panorama.refresh_devices(only_connected=True, expand_vsys=False, include_device_groups=True, add=True)
        # Devices of a device group hang below it, the others below Panorama.
        devices = panorama.findall(Firewall, recursive=True)
        print(json.dumps({"serials": sorted(device.serial for device in devices)}))
        return

    firewall = Firewall(host, *login, port=port)
    info = firewall.refresh_system_info()
    firewall.software.check()
    before = firewall.software.versions[version]["downloaded"]
    result = firewall.software.download(version, sync_to_peer=False, sync=True)
    firewall.software.check()
    print(
        json.dumps(
            {
                "serial": info.serial,
                "running": firewall.version,
                "before": before,
                "success": result["success"],
                "messages": result["messages"],
                "after": firewall.software.versions[version]["downloaded"],
            }
        )
    )


main()
