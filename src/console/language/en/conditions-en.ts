import type { ConditionCode } from '../../../center/operate/condition.ts'
import type { ConditionWords } from './words.ts'

export const CONDITIONS_IN_ENGLISH: Readonly<Record<ConditionCode, ConditionWords>> = {
  NOT_RUNNING: {
    what: 'The center is not running: no process works in {folder}',
    todo: 'start the service, or ferry-center run; agents keep their images until then',
  },
  REGISTER_UNREADABLE: {
    what: 'The register cannot be read ({reason})',
    todo: 'look at dataFolder, its disk and its rights; bring the register back from the backup if it is damaged or gone',
  },
  STORAGE_FULL: {
    what: 'Disk full: {free} free, {reserve} are kept in reserve, so agents wait',
    todo: 'make room on the disk of {folder}; never delete anything inside the data folder',
  },
  STORAGE_LOW: {
    what: 'Disk nearly full: {free} free; below {reserve} agents are told to wait',
    todo: 'make room on the disk of {folder}; never delete anything inside the data folder',
  },
  STORE_MISSING: {
    what: 'The disk with the instances is not there, or another one is in its place ({folder}/instances): agents wait',
    todo: 'mount the right disk; if it is lost or was replaced: ferry-center store accept',
  },
  INSTANCES_LOST: {
    what: '{count} {count:instance is|instances are} lost: files are gone or damaged, and no agent has sent them again',
    todo: 'see ferry-center lost; agents that still have them send them by themselves; otherwise send the studies again from the device or its archive',
  },
  BALLAST_GONE: {
    what: 'The {wanted} reserved for a full disk are not there',
    todo: 'make room on the disk of the data folder; the center then reserves them again by itself',
  },
  PACS_REFUSED: {
    what: 'The PACS refuses {count} {count:instance|instances}',
    todo: 'see ferry-center studies, remove the cause, then ferry-center retry',
  },
  INSTANCES_HELD: {
    what: '{count} {count:instance does|instances do} not go to the PACS until you release {count:it|them}',
    todo: 'see ferry-center held, look at them, then ferry-center release STUDY',
  },
  CONFLICTS: {
    what: '{count} {count:instance has|instances have} the UID of an earlier one and other content (conflict); {count:it does|they do} not replace it by {count:itself|themselves}',
    todo: 'see ferry-center held, compare the two with the clinic, then ferry-center release STUDY',
  },
  PACS_UNVERIFIED: {
    what: 'The PACS says that it has {count} {count:instance|instances}, and its copies were not compared',
    todo: 'set pacs.wadoUrl in center.yaml to the address where the PACS returns its copies unchanged, then ferry-center retry',
  },
  PACS_UNREACHABLE: {
    what: 'Nothing reaches the PACS ({reason}); the center tries again by itself',
    todo: 'check the PACS, the connection to it, and pacs in center.yaml; ferry-center retry tries at once',
  },
  PACS_ADDRESS: {
    what: 'The address of the PACS does not lead to a service that stores instances ({reason})',
    todo: 'check pacs.url in center.yaml, and proxies and gateways in front of the PACS; ferry-center retry tries at once',
  },
  KEYS_REFUSED: {
    what: 'Changed keys or a changed certificate cannot be loaded; the center continues with the old ones ({reason})',
    todo: 'correct what the reason names; the center looks again every 10 seconds',
  },
  PACS_DENIES_US: {
    what: 'The PACS denies the center access ({reason})',
    todo: 'check user name, password or token under pacs in center.yaml, and the rights of this user; ferry-center retry tries at once',
  },
  AGENT_PENDING: {
    what: 'The agent {name} waits for approval',
    todo: 'ferry-center agents shows its fingerprint; compare it with the clinic, then ferry-center approve FINGERPRINT',
  },
  AGENT_CLONED: {
    what: 'Two machines use the identity of the agent {name}: its data folder was copied',
    todo: 'ask the clinic which machine is the right one. On the other: wait until ferry queue is empty, stop Ferry, move its data folder away, and join it with its own code (ferry-center invite)',
  },
  AGENT_SILENT: {
    what: 'The agent {name} has not been in contact',
    todo: 'ask the clinic whether its PC is on and connected to the network; if the agent is no longer used: ferry-center revoke FINGERPRINT',
  },
  MESSAGES_UNSENT: {
    what: 'Messages to {target} fail ({reason})',
    todo: 'remove the cause, then try it: ferry-center test-message',
  },
  AGENT_STUCK: {
    what: '{count} {count:instance|instances} of {name} {count:has|have} no receipt; the oldest has waited for long',
    todo: 'ask the clinic to run ferry queue: it names the reason for each study',
  },
  AGENT_STORAGE_FULL: {
    what: 'The disk of {name} is full: {free} free, {reserve} are kept in reserve, so its devices are turned away',
    todo: 'ask the clinic to run ferry status: it says what fills the disk and how to make room',
  },
  AGENT_STORAGE_LOW: {
    what: 'The disk of {name} is nearly full: {free} free; below {reserve} its devices are turned away',
    todo: 'ask the clinic to run ferry status: it says what fills the disk and how to make room',
  },
  AGENT_REPORTS: {
    what: '{name} reports: {problem}',
    todo: 'ask the clinic to run ferry status: it names the cure',
  },
  DEVICE_SILENT: {
    what: 'No image has come from {device} at {name}',
    todo: 'ask the clinic whether the device is in use, and whether it still sends to Ferry. If it works only now and then: silentAfter under devices in its ferry.yaml',
  },
  CLOCK_OFF: {
    what: 'The clocks of {name} and of the other machines differ by {offset}',
    todo: 'compare both with a reliable clock; switch time synchronization (NTP) on where it is off',
  },
  CENTER_CLOCK_OFF: {
    what: "The center's clock differs from that of {agents} agents by {offset}",
    todo: 'compare it with a reliable clock and switch time synchronization (NTP) on; after a change the agents are compared again within a minute',
  },
}
