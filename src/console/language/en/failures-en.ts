import type { FailureCode } from '../../../platform/failure.ts'
import { COMMAND_FAILURES_IN_ENGLISH } from './command-failures-en.ts'
import { FOLDER_FAILURES_IN_ENGLISH } from './folder-failures-en.ts'
import type { FailureWords } from './words.ts'

export const FAILURES_IN_ENGLISH: Readonly<Record<FailureCode, FailureWords>> = {
  UID_INVALID: {
    meaning: 'a device sent an identifier that is not a DICOM UID',
    todo: "tell the device's service engineer; the instance was refused and is still on the device",
  },
  DATA_SET_UNREADABLE: {
    meaning: 'a DICOM data set could not be read',
    todo: 'send it again from the device; if this happens again, the file is damaged there',
  },
  DATA_SET_MISMATCH: {
    meaning: 'a device announced one instance and sent another',
    todo: "tell the device's service engineer; the instance was refused and is still on the device",
  },
  INSTANCE_TOO_LARGE: {
    meaning: 'an instance is larger than the limit',
    todo: 'raise limits.instance in the configuration if such instances are wanted, then send it again',
  },
  CHECK_REFUSED: {
    meaning: 'an instance was refused because of what was found in it',
    todo: "tell the device's service engineer; the instance is still on the device. The configuration says under checking which instances are refused",
  },
  CHECK_HELD: {
    meaning: 'an instance is held because of what was found in it',
    todo: 'look at it with ferry quarantine, then release it or have the device corrected and send it again',
  },
  DEID_WITHHELD: {
    meaning: 'an instance cannot be de-identified with certainty and is not sent on that route',
    todo: 'look at such an image, then add a pixel rule or your own rule to the profile, and send it again',
  },
  ...FOLDER_FAILURES_IN_ENGLISH,
  ASSOCIATION_REJECTED: {
    meaning: 'the other side refused the DICOM connection',
    todo: 'compare the AE titles on both sides, and whether this address is on its list',
  },
  ASSOCIATION_FAILED: {
    meaning: 'a DICOM connection could not be made',
    todo: 'check address and port, the cable, the firewall, and that the other side is running',
  },
  ASSOCIATION_ABORTED: {
    meaning: 'a DICOM connection ended early',
    todo: 'try again; if this happens again, look at the log of the other side',
  },
  PROTOCOL_VIOLATION: {
    meaning: 'the other side does not follow the DICOM protocol',
    todo: 'check that the port is a DICOM port and that TLS is on or off on both sides',
  },
  DIMSE_LIBRARY_CHANGED: {
    meaning: 'the installed DICOM library is not the one that Ferry was tested with',
    todo: 'install Ferry again as it was delivered',
  },
  STORE_REFUSED: {
    meaning: 'the other side does not accept this kind of instance',
    todo: 'look in its conformance statement for the SOP class and transfer syntax',
  },
  TLS_FAILED: {
    meaning: 'a connection could not be secured by TLS',
    todo: 'compare the certificates and authorities of both sides; the message says what was found',
  },
  COMMITMENT_UNREPORTED: {
    meaning: 'a device has asked whether its instances are safe, and the answer cannot be delivered',
    todo: 'set host and port under dicom of this device in the configuration, try ferry devices test, then ferry retry',
  },
  STUDY_INCOMPLETE: {
    meaning: 'a device announced instances that have not arrived',
    todo: 'ferry steps shows which; send the study again from the device, or, if they were left out on purpose, ferry retry',
  },
  SEAL_FAILED: {
    meaning: 'an instance could not be sealed',
    todo: 'look at the log; the instance was refused and is still on the device',
  },
  AGE_FORMAT: {
    meaning: 'a sealed file is not in the age format, or damaged',
    todo: 'keep the file; report it with the log',
  },
  AGE_NO_KEY: {
    meaning: 'a sealed file was sealed to another key',
    todo: 'restore the key that belongs to it, or open it with the recovery key',
  },
  AGE_KEY_INVALID: { meaning: 'a text is not an age key', todo: 'copy the whole key again' },
  SPOOL_FILE_INVALID: {
    meaning: 'a file in the spool is not a readable accepted instance',
    todo: 'leave it where it is, check the disk, and report it',
  },
  SPOOL_FILE_DAMAGED: {
    meaning: 'the file of an accepted instance has changed since it was written',
    todo: 'check the disk; send the study again from the device while it still has it',
  },
  SPOOL_FILE_MISSING: {
    meaning: 'the file of an accepted instance is gone',
    todo: 'find out who deleted it; send the study again from the device while it still has it',
  },
  STORAGE_FULL: {
    meaning: 'the disk is full, so new instances are refused',
    todo: 'make room on the disk; never delete anything inside the data folder',
  },
  STORAGE_ERROR: {
    meaning: 'the disk or a file on it does not work',
    todo: 'check the disk, its cable and the access rights of the data folder, then restart Ferry',
  },
  ACCESS_DENIED: {
    meaning: 'Ferry may not use a file or folder that it needs',
    todo: 'with sudo, a command that needs the data folder acts as the user of the service: give the path to that user (chown), or name one that it may use; the line above names the path and its owner',
  },
  PATH_UNUSABLE: {
    meaning: 'something else is where Ferry expects a file or a folder',
    todo: 'correct the path in the configuration, or move away what is there',
  },
  STORE_MISSING: {
    meaning: "the disk with the center's instances is not there, or another one is in its place",
    todo: 'mount the right disk; if it is lost or was replaced: ferry-center store accept',
  },
  DATABASE_ERROR: {
    meaning: "Ferry's database does not work",
    todo: 'check the disk and its free space, then restart Ferry',
  },
  DATABASE_DAMAGED: {
    meaning: "Ferry's database is damaged",
    todo: 'check the disk; an agent repairs its database when it starts, a center needs register.sqlite from the backup',
  },
  INDEX_REBUILT: {
    meaning:
      "the queue's index was damaged, gone or out of date, and was rebuilt from the sealed files in the spool",
    todo: 'check the disk; never put an old copy of the database back; then ferry retry clears this alarm',
  },
  DATABASE_NEWER: {
    meaning: 'the database was written by a newer Ferry',
    todo: 'install the newer version again',
  },
  ALREADY_RUNNING: {
    meaning: 'another Ferry process uses this data folder',
    todo: 'stop the service first, or use the one that is running',
  },
  FOLDER_NOT_PRIVATE: {
    meaning: 'the data folder does not belong to Ferry alone',
    todo: "give Ferry a folder of its own, owned by the service's user, with mode 0700",
  },
  KEY_FILE_INVALID: {
    meaning: 'a key or password file is missing, unreadable, open to other users, or has the wrong contents',
    todo: 'restore it from the backup, or correct its path and access rights (chmod 600)',
  },
  AGENT_KEY_LOST: {
    meaning: 'the key of this agent is missing, and the folder was used before',
    todo: 'bring keys/agent.json back; if it is gone, ask the center for a join code: ferry join CODE --new-identity makes a new key',
  },
  DATA_FOLDER_CHANGED: {
    meaning:
      'the data folder is not the one that this installation worked in, or its keys or register are gone',
    todo: 'is dataFolder right? Mount the disk, set dataFolder back, or bring the folder back from the backup; nothing was made or changed',
  },
  CERTIFICATE_EXPIRING: {
    meaning: 'the certificate for DICOM over TLS expires soon, has expired, or is not valid yet',
    todo: 'have it renewed, put it where listener.tls.certificate says, and restart the service',
  },
  PAGE_CLOSED: {
    meaning: 'the status page cannot be opened; images are not affected',
    todo: 'stop the program that uses the port: Ferry tries it again every 30 seconds; or set another port (statusPage.port) and restart the service',
  },
  PORT_IN_USE: {
    meaning: 'another program uses the port, or Ferry does not have the right to use it',
    todo: 'stop that program or choose another port in the configuration; below 1024 extra rights are needed',
  },
  MEDIA_UNKNOWN: {
    meaning: 'a file is not of a kind that Ferry takes',
    todo: 'have the device write JPEG, PNG, PDF or MP4 with H.264, or take the file out of the folder',
  },
  MEDIA_DAMAGED: {
    meaning: 'a file is cut off or damaged',
    todo: 'open it on the device; copy it again from there, or export it again',
  },
  MEDIA_TOO_LARGE: {
    meaning: 'a file is larger than can be wrapped',
    todo: 'export it from the device in a smaller size or as several files',
  },
  IMAGE_PROGRESSIVE: {
    meaning: 'a JPEG is progressive, which DICOM no longer allows',
    todo: 'switch progressive off in the program that saves the images, and save it again',
  },
  IMAGE_CMYK: {
    meaning: 'an image has the colours of printing (CMYK)',
    todo: 'save it as RGB and put it into the folder again',
  },
  IMAGE_CODING: {
    meaning: 'an image is coded in a way that cannot be wrapped',
    todo: 'save it as baseline JPEG, PNG or uncompressed TIFF, and put it into the folder again',
  },
  IMAGE_ROTATED: {
    meaning: 'an image must be turned to be seen upright',
    todo: 'turn it and save it again, or set orientation: send for the folder',
  },
  VIDEO_CODEC: {
    meaning: 'a video is coded in a way for which DICOM has no transfer syntax',
    todo: 'set the device to record H.264 in MP4 files',
  },
  VIDEO_PROFILE: {
    meaning: 'the profile or level of a video has no DICOM transfer syntax',
    todo: 'set the device to H.264 High profile, level 4.2 or lower; for Baseline and Main, lowerProfiles: accept also works',
  },
  VIDEO_PIXELS: {
    meaning: 'the pixels of a video are not square, or its size is not allowed',
    todo: 'set the device to record 1920 x 1080 or 1280 x 720',
  },
  VIDEO_FRAMES: {
    meaning: 'the number or rate of the frames of a video is unknown',
    todo: 'set the device to record ordinary MP4 files',
  },
  VIDEO_AUDIO: {
    meaning: 'the sound of a video is coded in a way that DICOM does not allow',
    todo: 'switch sound off on the device, or choose AAC',
  },
  DOCUMENT_ENCRYPTED: {
    meaning: 'a PDF is encrypted',
    todo: 'have the report system write PDF files without any protection',
  },
  DOCUMENT_FORM: {
    meaning: 'a document lacks what DICOM requires of its kind',
    todo: 'have the system that writes it add an id to the CDA, or save the STL in binary form',
  },
  IDENTITY_UNUSABLE: {
    meaning: 'the patient or accession number of an order cannot be stored in DICOM',
    todo: 'correct it in the system that the order came from',
  },
  CONFIG_INVALID: {
    meaning: 'the configuration has mistakes',
    todo: 'correct the lines that are listed, then run ferry config check',
  },
  ...COMMAND_FAILURES_IN_ENGLISH,
  USAGE: { meaning: 'the command cannot be used like this', todo: 'look at its --help' },
  INTERRUPTED: {
    meaning: 'the command was stopped before its end',
    todo: 'run it again; what was done so far stays',
  },
  LOG_MISSING: {
    meaning: 'there is no log to show',
    todo: 'set log.folder in the configuration and start the service again, or look at the terminal of the program',
  },
  NOT_RUNNING: {
    meaning: 'the agent is not running',
    todo: 'start the service, or ferry run; check that --config is the file that it uses',
  },
  NOT_ENROLLED: {
    meaning: 'this agent has not joined a center yet',
    todo: 'ask the center for a join code, then ferry setup, or ferry join CODE; the center approves the fingerprint',
  },
  ALREADY_JOINED: {
    meaning: 'this agent has joined a center already; the join code was not used',
    todo: 'nothing, if the center is the right one; to move to another center, run ferry join CODE',
  },
  CENTER_UNREACHABLE: {
    meaning: 'the center cannot be reached',
    todo: "check this clinic's internet line and firewall; if others are cut off too, ask the center",
  },
  CENTER_NOT_TLS: {
    meaning: "something that does not speak TLS answers at the center's address",
    todo: "compare host and port with the center's operator: the port is wrong, or a proxy or another program answers there",
  },
  CENTER_BUSY: {
    meaning: 'the center is too busy at the moment, or has no room',
    todo: 'wait; if it lasts, ask the center',
  },
  CENTER_ERROR: {
    meaning: 'the center has an internal fault',
    todo: 'ask the center to look at its log',
  },
  CENTER_IDENTITY: {
    meaning: 'the server at the address of the center is not this center',
    todo: 'stop and ask the center: its certificate was changed, the join code is from another center, or a proxy or firewall is in between',
  },
  CENTER_REFUSED: {
    meaning: 'the center refuses what this agent sends',
    todo: 'ask the center; after the cause is removed: ferry retry',
  },
  CENTER_LIMIT: {
    meaning: 'a request of this agent is longer than the center, or a proxy in front of it, accepts',
    todo: 'tell the center which limit is named here: it must be raised there',
  },
  CENTER_PROXY: {
    meaning:
      "the answer at the center's address does not come from the center but from a proxy, a login page or a redirect",
    todo: 'ask the center, or the network administrator: the agent must reach the center itself at the address in its join code',
  },
  CENTER_ANSWER_INVALID: {
    meaning: 'this agent does not understand the answer of the center',
    todo: 'compare the versions of Ferry on both sides',
  },
  CENTER_BEHIND: {
    meaning: 'the center no longer has images that it had confirmed or accepted',
    todo: 'tell the center; nothing is removed here until it has everything again',
  },
  CENTER_LOST: {
    meaning: 'the center has lost instances that this machine no longer has',
    todo: 'send the study again from the device or the archive; tell the center',
  },
  OTHER_CENTER: {
    meaning:
      'instances are sealed for a center that this agent no longer belongs to; this center cannot open them',
    todo: 'send the studies again from the device; the keys of the old center, or its recovery key, open the spool files',
  },
  KEY_LIST_OLDER: {
    meaning: 'the center announces older keys than those that this agent knows',
    todo: 'tell the center: it was restored from a backup and should restore its newest keys',
  },
  TOKEN_TIME: {
    meaning: "this machine's clock and the center's are too far apart",
    todo: 'switch on time synchronization (NTP) on this machine',
  },
  AGENT_UNKNOWN: {
    meaning: 'the center does not know this agent, or not this fingerprint',
    todo: 'compare the fingerprint; a new agent, or one that the center forgot, needs a join code: ferry join CODE',
  },
  AGENT_REVOKED: {
    meaning: 'the center has shut this agent out',
    todo: 'ask the center; nothing is sent until it accepts this agent again',
  },
  AGENT_CLONED: {
    meaning: 'another machine works with the identity of this agent: its data folder was copied',
    todo: 'keep one of the two. On the other: wait until ferry queue is empty, stop Ferry, move its data folder away, and join it with a code of its own: ferry join CODE --new-identity',
  },
  JOIN_CODE_INVALID: {
    meaning: 'the join code is not valid',
    todo: 'compare it with the code that the center gave, and enter all of it; or ask the center for a new one',
  },
  SIGNATURE_INVALID: {
    meaning: 'a signature was not made with the expected key',
    todo: 'ask the center; nothing is deleted because of it',
  },
  DIGEST_MISMATCH: {
    meaning: 'bytes changed on the way or on a disk',
    todo: 'nothing, if it happens once: it is sent again. If it happens again, check memory and disk of both machines',
  },
  MANIFEST_INVALID: {
    meaning: 'the list of a study cannot be read',
    todo: 'report it with the log; nothing is removed because of it',
  },
  RECEIPT_INVALID: {
    meaning: "the center's receipt cannot be read",
    todo: 'compare the versions of Ferry on both sides; nothing is removed because of it',
  },
  RECEIPT_MISMATCH: {
    meaning: "the center's receipt does not list what was sent",
    todo: 'ask the center at once; nothing is removed because of it',
  },
  PACK_INVALID: {
    meaning: 'a pack of instances cannot be read',
    todo: 'report it with the log; nothing is removed because of it',
  },
  PACK_DAMAGED: {
    meaning: 'a pack of instances was damaged on its way to the disk of the center',
    todo: "nothing: it is sent again; if it happens often, check the center's disk",
  },
  INSTANCE_REFUSED: {
    meaning: 'the center cannot accept this instance',
    todo: 'ask the center for the reason; after the cause is removed: ferry retry',
  },
  PACS_UNREACHABLE: {
    meaning: 'the PACS cannot be reached, or stores nothing at the moment',
    todo: 'check that the PACS is running and its address in the configuration; Ferry tries again by itself',
  },
  PACS_ADDRESS: {
    meaning: 'the server at the address of the PACS does not store instances',
    todo: 'check pacs.url in center.yaml, and proxies and gateways in front of the PACS; Ferry tries again by itself',
  },
  PACS_DENIED: {
    meaning: 'the PACS denies the center access',
    todo: 'check user name, password or token under pacs in center.yaml, and the rights of this user; Ferry tries again by itself',
  },
  PACS_REFUSED: {
    meaning: 'the PACS refuses an instance',
    todo: "look at the PACS's log; after the cause is removed: ferry-center retry",
  },
  ORDERS_UNREACHABLE: {
    meaning: 'a system that gives Ferry its orders does not answer',
    todo: 'check that the system runs, its address and port under orders in the configuration, and the line; the orders known so far are used meanwhile. ferry orders test NAME asks it now',
  },
  ORDERS_REFUSED: {
    meaning: 'a system that gives Ferry its orders refuses to answer, or was itself turned away',
    todo: 'compare AE titles, user name, password or token on both sides, whether the system lists this PC, and addresses of an HL7 source; then ferry orders test NAME',
  },
  ORDERS_INVALID: {
    meaning: 'the answer of a system that gives Ferry its orders cannot be read as orders',
    todo: 'compare the answer with records and fields of this source in the configuration; ferry orders test NAME shows what was found',
  },
  MESSAGE_INVALID: {
    meaning: 'an HL7 message could not be understood',
    todo: "give the message of ferry orders to the RIS's engineer: the sender has got AR with the same text",
  },
  ORDERS_NOT_KEPT: {
    meaning: 'orders cannot be kept on this disk, because there is no key to seal them',
    todo: 'give the service a display key (docs/operations.md, "Names in ferry study"), then restart Ferry',
  },
  REPORT_UNASSIGNED: {
    meaning: 'a report came by HL7 and no study for it is known',
    todo: 'let the RIS send the order (with its study UID) before the report, or add a worklist as a source; the sender has got AE and still has the report',
  },
  INTERNAL: { meaning: 'an internal fault of Ferry', todo: 'report it with the log; restarting may help' },
}
