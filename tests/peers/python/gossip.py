"""A py-libp2p gossipsub peer on Waku's protocol id, driven by JSON lines as gossip.mjs is.

python gossip.py --topic TOPIC [--transport ws|tcp] [--muxer mplex|yamux]
"""

import argparse
import hashlib
import json
import sys

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.pubsub import gossipsub, mcache
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.pubsub import Pubsub
from libp2p.stream_muxer.yamux.yamux import Yamux
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr

RELAY = "/vac/waku/relay/2.0.0"
MESH_WAIT_S = 15
LISTEN = {"tcp": "/ip4/127.0.0.1/tcp/0", "ws": "/ip4/127.0.0.1/tcp/0/ws"}


def message_id(message):
    """Waku's messages are unsigned and have no sender: only their bytes tell them apart."""
    return hashlib.sha256(message.data).digest()


# The library knows the ids of meshsub alone, and keeps messages under their sender and number.
gossipsub.PROTOCOL_ID_V11 = RELAY
mcache.default_msg_id_fn = message_id


class Router(gossipsub.GossipSub):
    def _check_equivocation(self, message):
        return True


class Relay(Pubsub):
    async def publish(self, topic, data):
        await self.push_msg(self.my_id, rpc_pb2.Message(data=data, topicIDs=[topic]))


def say(event):
    print(json.dumps(event), flush=True)


async def listen_to(subscription):
    while True:
        message = await subscription.get()
        say({"received": message.data.hex()})


async def obey(command, flags, host, router, relay):
    if "connect" in command:
        info = info_from_p2p_addr(Multiaddr(command["connect"]))
        await host.connect(info)
        [connection] = host.get_network().get_connections(info.peer_id)
        muxer = "/yamux/1.0.0" if isinstance(connection.muxed_conn, Yamux) else "/mplex/6.7.0"
        say({"connected": {"peerId": info.peer_id.to_string(), "muxer": muxer}})
    elif "publish" in command:
        with trio.fail_after(MESH_WAIT_S):
            while not router.mesh.get(flags.topic):
                await trio.sleep(0.02)
        await relay.publish(flags.topic, bytes.fromhex(command["publish"]))
        say({"published": True})
    else:
        raise ValueError("unknown command")


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--topic", required=True)
    parser.add_argument("--transport", choices=LISTEN, default="tcp")
    parser.add_argument("--muxer", choices=["mplex", "yamux"], default="yamux")
    flags = parser.parse_args()
    listen = [Multiaddr(LISTEN[flags.transport])]
    host = new_host(
        key_pair=create_new_key_pair(), muxer_preference=flags.muxer.upper(), listen_addrs=listen
    )
    router = Router(
        protocols=[RELAY], degree=6, degree_low=4, degree_high=8, heartbeat_interval=1
    )
    relay = Relay(host, router, strict_signing=False, msg_id_constructor=message_id)
    async with host.run(listen_addrs=listen), background_trio_service(relay):
        async with background_trio_service(router), trio.open_nursery() as nursery:
            await relay.wait_until_ready()
            nursery.start_soon(listen_to, await relay.subscribe(flags.topic))
            addresses = [str(address) for address in host.get_addrs()]
            say({"ready": {"peerId": host.get_id().to_string(), "addrs": addresses}})
            async for line in trio.wrap_file(sys.stdin):
                try:
                    await obey(json.loads(line), flags, host, router, relay)
                except Exception as error:
                    say({"error": f"{line.strip()}: {error!r}"})
            nursery.cancel_scope.cancel()


trio.run(main)
