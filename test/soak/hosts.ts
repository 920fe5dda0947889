// `npm run soak -- hosts`: ranks on two hosts of one machine: network namespaces with addresses, names and an sshd of their
// own, joined by a switch in a third. They must train the bits of ranks without them, and end when the link is cut.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCheckpoint } from "../../src/runs/checkpoints.ts";
import { runFolder } from "../../src/runs/run-folder.ts";
import { ARGUMENTS, ROOT } from "../support/longhand.ts";
import { isInstalled, MAKES, startRanks, type Launcher } from "../support/mpirun.ts";
import { hasTrained, type Say } from "./kill-ranks.ts";
import { after, hashOf, workplace } from "./run-faults.ts";

const SMALL = ["--recipe", "small", "--width", "0.25", "--batch", "4", "--steps", "3"];
const LONG = ["--recipe", "mlp", "--width", "0.05", "--batch", "4", "--steps", "1000000"];
const NET = "10.213.7";
const SSHD = "/usr/sbin/sshd";
const MOST_MS = 10_000;

/** Open MPI's own probes of the links between its launcher and its daemons, in seconds: docs/distributed.md names them. */
const KEEPALIVES = ["time 3", "intvl 1", "probes 3"].flatMap((words) => [
  "--mca",
  ...`oob_tcp_keepalive_${words}`.split(" "),
]);

/** Runs a command. Throws with its words if it fails. */
function must(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

const isThere = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: "ignore" }).error === undefined;

/** Returns what is missing to make hosts here. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return "only root makes network namespaces: run this as root";
  if (!isThere("ip", "-V")) return "no ip command: apt install iproute2";
  if (!isThere(SSHD, "-V")) return `no ${SSHD}: apt install openssh-server`;
  if (!isThere("ssh", "-V")) return "no ssh: apt install openssh-client";
  if (!MAKES.some(isInstalled)) return "no mpirun: apt install openmpi-bin, or mpich";
  return undefined;
}

interface Hosts {
  /** The namespaces of the two hosts. */
  readonly names: readonly string[];
  /** Files of their own: keys and configs of ssh, which nothing else reads. */
  readonly folder: string;
  /** Cuts the link to the second host without a word to either: frames get no further than its port. */
  readonly cut: () => void;
  readonly mend: () => void;
  /** Process numbers of all that runs on them, except the daemons of ssh. */
  readonly busy: () => readonly number[];
  readonly remove: () => void;
}

const pidsIn = (name: string): readonly number[] => {
  const { stdout } = spawnSync("ip", ["netns", "pids", name], { encoding: "utf8" });
  return (stdout ?? "").split("\n").filter(Boolean).map(Number);
};

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return ""; // it has ended
  }
}

function makeHosts(parent: string): Hosts {
  const folder = join(parent, "hosts");
  mkdirSync(folder, { mode: 0o700 });
  const names = [1, 2].map((host) => `lh${process.pid}-${host}`);
  const middle = `lh${process.pid}-switch`;
  const remove = (): void => {
    for (const name of [...names, middle]) {
      for (const pid of pidsIn(name)) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // it has ended meanwhile
        }
      }
      spawnSync("ip", ["netns", "del", name], { stdio: "ignore" });
    }
  };
  const port = (way: readonly string[]): string =>
    must("ip", "-n", middle, "link", "set", "port1", ...way);
  const key = (name: string): void =>
    void must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(folder, name));
  try {
    must("ip", "netns", "add", middle);
    must("ip", "-n", middle, "link", "add", "bridge", "type", "bridge");
    must("ip", "-n", middle, "link", "set", "bridge", "up");
    key("user");
    const known: string[] = [];
    for (const [at, name] of names.entries()) {
      const address = `${NET}.${at + 1}`;
      const [end, other] = [`port${at}`, "eth0"];
      must("ip", "netns", "add", name);
      const peer = ["type", "veth", "peer", "name", end, "netns", middle];
      must("ip", "link", "add", other, "netns", name, ...peer);
      must("ip", "-n", name, "addr", "add", `${address}/24`, "dev", other);
      for (const link of ["lo", other]) must("ip", "-n", name, "link", "set", link, "up");
      must("ip", "-n", middle, "link", "set", end, "up", "master", "bridge");
      key(`host${at}`);
      known.push(`${address} ${readFileSync(join(folder, `host${at}.pub`), "utf8")}`);
      const config = join(folder, `sshd${at}.conf`);
      writeFileSync(
        config,
        `ListenAddress ${address}\nHostKey ${folder}/host${at}\nAuthorizedKeysFile ${folder}/user.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nPidFile none\n`,
      );
      on(name, [SSHD, "-D", "-f", config]);
    }
    writeFileSync(join(folder, "known"), known.join(""));
    writeFileSync(join(folder, "list"), names.map((_, at) => `${NET}.${at + 1}\n`).join(""));
    writeFileSync(
      join(folder, "ssh.conf"),
      `IdentityFile ${folder}/user\nIdentitiesOnly yes\nUserKnownHostsFile ${folder}/known\nGlobalKnownHostsFile /dev/null\nBatchMode yes\nConnectionAttempts 5\n`,
    );
    writeFileSync(join(folder, "ssh"), `#!/bin/sh\nexec ssh -F ${folder}/ssh.conf "$@"\n`);
    chmodSync(join(folder, "ssh"), 0o700);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    names,
    folder,
    cut: () => void port(["nomaster"]),
    mend: () => void port(["master", "bridge"]),
    busy: () => names.flatMap(pidsIn).filter((pid) => !["sshd", ""].includes(commandOf(pid))),
    remove,
  };
}

/** Starts a command on a host, which has its namespace's name. */
function on(name: string, command: readonly string[]): ChildProcess {
  const named = ["unshare", "--uts", "sh", "-c", `hostname ${name}; exec "$@"`, "sh"];
  return spawn("ip", ["netns", "exec", name, ...named, ...command], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** How each make's mpirun is told of the hosts. */
const TELLS: Readonly<Record<Launcher["make"], (hosts: Hosts) => readonly string[]>> = {
  "Open MPI": ({ folder }) => [
    ...`--allow-run-as-root --map-by node --hostfile ${folder}/list`.split(" "),
    ...`--mca plm_rsh_agent ${folder}/ssh --mca btl tcp,self`.split(" "),
    ...`--mca btl_tcp_if_include ${NET}.0/24 --mca oob_tcp_if_include ${NET}.0/24`.split(" "),
    ...KEEPALIVES,
    ...["LONGHAND_ADAPTER", "XDG_RUNTIME_DIR"].flatMap((name) =>
      process.env[name] === undefined ? [] : ["-x", name],
    ),
  ],
  MPICH: ({ folder }) =>
    `-launcher ssh -launcher-exec ${folder}/ssh -f ${folder}/list -ppn 1 -genv UCX_TLS tcp,self -genv UCX_NET_DEVICES eth0`.split(
      " ",
    ),
};

/** Starts a training of one rank per host. */
function startOn(hosts: Hosts, launcher: Launcher, args: readonly string[]) {
  const node = [process.execPath, ...ARGUMENTS, "train", "--distributed", "mpi", ...args];
  const tells = TELLS[launcher.make](hosts);
  const child = on(hosts.names[0]!, [launcher.launcher, ...tells, "-n", "2", ...node]);
  const said = { out: "", err: "" };
  child.stdout!.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, ...said }));
  });
  return { child, ended, said: () => said.out + said.err };
}

type Trial = (hosts: Hosts, launcher: Launcher, place: Place) => Promise<string>;

interface Place {
  readonly folder: string;
  readonly data: string;
}

/** Trains with one rank per host, and with as many ranks on this one. */
const sameBits: Trial = async (hosts, launcher, { folder, data }) => {
  const [apart, together] = ["apart", "together"].map((name) => join(folder, name)) as [
    string,
    string,
  ];
  for (const run of [apart, together]) rmSync(run, { recursive: true, force: true });
  const job = startOn(hosts, launcher, [...SMALL, "--data", data, "--out", apart]);
  const far = await job.ended;
  if (far.code !== 0) throw new Error(`exit code ${far.code}: ${far.out}${far.err}`);
  if (!far.out.startsWith("2 ranks on 2 hosts")) throw new Error(`said ${far.out}`);
  const args = [...SMALL, "--data", data, "--out", together, "--distributed", "mpi"];
  const near = await startRanks(launcher, 2, [...ARGUMENTS.slice(2), "train", ...args]).ended;
  if (near.code !== 0) throw new Error(`exit code ${near.code}: ${near.out}${near.err}`);
  if (hashOf(apart) !== hashOf(together)) throw new Error("other bits than on one host");
  return "the bits of one host";
};

/** What ends the ranks of each make when a link is cut, and what it says. */
const CUT = {
  "Open MPI": {
    flags: [],
    reason: /lost communication with a remote daemon/,
    mustEnd: () => true,
  },
  // MPICH's launcher has no probes of its own: the ranks' patience ends, and the launcher waits on.
  MPICH: {
    flags: ["--patience", "4"],
    reason: /the other ranks have not come for 4 s/,
    mustEnd: (command: string) => !/^(mpirun|ssh|hydra)/.test(command),
  },
} as const;

/** Cuts the link between steps, or within one. */
const cutLink: Trial = async (hosts, launcher, { folder, data }) => {
  const run = join(folder, "cut");
  rmSync(run, { recursive: true, force: true });
  const args = [...LONG, "--checkpoint-every", "5", "--data", data, "--out", run];
  const job = startOn(hosts, launcher, [...args, ...CUT[launcher.make].flags]);
  await hasTrained(job);
  await after(1000);
  hosts.cut();
  try {
    const began = performance.now();
    const left = (): readonly string[] =>
      hosts.busy().map(commandOf).filter(CUT[launcher.make].mustEnd);
    while (left().length > 0 && performance.now() - began < 2 * MOST_MS) await after(50);
    const took = performance.now() - began;
    if (took > MOST_MS) {
      throw new Error(
        `${left().join(", ")} were there ${(took / 1000).toFixed(0)} s later: ${job.said()}`,
      );
    }
    job.child.kill("SIGKILL"); // MPICH's launcher, which waits for the other host
    const err = job.said();
    const reason = CUT[launcher.make].reason.exec(err)?.[0];
    if (reason === undefined) throw new Error(`no reason on the terminal: ${err}`);
    const { step } = readCheckpoint(runFolder(run), "last"); // throws unless it is whole
    return `all ended after ${(took / 1000).toFixed(1)} s ("${reason}"); the checkpoint of step ${step} is whole`;
  } finally {
    hosts.mend();
  }
};

/** Runs all cases with each make of MPI that is installed. Says a line for each. */
export async function tryHosts(say: Say): Promise<void> {
  const lacks = missing();
  if (lacks !== undefined) return say(false, lacks);
  const place = await workplace();
  let hosts: Hosts | undefined;
  const remove = (): void => {
    hosts?.remove();
    rmSync(place.folder, { recursive: true, force: true });
  };
  const leave = (): void => {
    remove();
    process.exit(130);
  };
  // Not once: a second signal would end this process before it has cleaned up.
  process.on("SIGINT", leave).on("SIGTERM", leave);
  try {
    mkdirSync("/run/sshd", { recursive: true, mode: 0o755 }); // where sshd keeps nothing, but insists on
    hosts = makeHosts(place.folder);
    await after(500);
    for (const launcher of MAKES.filter(isInstalled)) {
      const trials: [string, Trial][] = [
        ["one rank per host", sameBits],
        ["a link cut while training", cutLink],
      ];
      for (const [what, trial] of trials) {
        try {
          say(true, `${launcher.make}, ${what}: ${await trial(hosts, launcher, place)}`);
        } catch (error) {
          const words = error instanceof Error ? error.message : String(error);
          say(false, `${launcher.make}, ${what}: ${words}`);
        }
      }
    }
  } finally {
    process.off("SIGINT", leave).off("SIGTERM", leave);
    remove();
  }
}
