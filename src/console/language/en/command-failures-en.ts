import type { FailureCode } from '../../../platform/failure.ts'
import type { FailureWords } from './words.ts'

/** Failures of what a command names: a study, a device, a file, a key. */
export const COMMAND_FAILURES_IN_ENGLISH = {
  MESSAGE_UNSENT: {
    meaning: 'a message about problems could not be sent',
    todo: 'remove the cause that the message names; it is tried again by itself',
  },
  STUDY_UNKNOWN: {
    meaning: 'no study here has this UID',
    todo: 'ferry study lists the newest studies, with --limit more of them; compare the UID',
  },
  STUDY_OPEN: {
    meaning: 'the study is still open',
    todo: 'wait until it is complete; ferry study UID shows its state',
  },
  NOT_HELD: {
    meaning: 'what the command names is not held here, and does not wait',
    todo: 'ferry quarantine lists the instances that are held, ferry folders the files that wait; at the center, ferry-center held',
  },
  DEVICE_UNKNOWN: {
    meaning: 'the name does not fit exactly one device',
    todo: 'ferry devices shows the names and AE titles',
  },
  DEVICE_LISTED: {
    meaning: 'the device is listed already',
    todo: 'ferry devices shows the list; ferry devices remove takes a device off it',
  },
  NOT_IGNORED: {
    meaning: 'the caller is not ignored',
    todo: 'ferry devices shows which callers are ignored',
  },
  OTHER_CONFIG: {
    meaning: 'the running agent does not read this configuration file',
    todo: 'stop the agent, and start it with --config and this file',
  },
  AGENT_VERSION: {
    meaning: 'the running agent has another version than this command',
    todo: 'use the ferry that was installed with the agent; restart the service after an upgrade',
  },
  RESTART_BY_HAND: {
    meaning: 'the agent cannot restart itself',
    todo: 'restart the service; if the agent was started by hand, stop it and start it again',
  },
  FILE_EXISTS: {
    meaning: 'a file of this name exists already; it was not changed',
    todo: 'choose another name; move the existing file away only if it is certainly not needed',
  },
  FILE_UNREADABLE: {
    meaning: 'a file or folder that the command needs cannot be used',
    todo: 'check the path and the content',
  },
  FILES_MISSING: {
    meaning: 'no file was found',
    todo: 'check the paths; a folder is searched with all folders in it',
  },
  FILE_CHANGED: {
    meaning: 'the file is in use, or was changed',
    todo: 'wait until the program that writes it has ended; ferry folders then lists it as it is',
  },
  ORDER_UNKNOWN: {
    meaning: 'no known order tells whose the file is',
    todo: 'ferry orders --show-names lists the orders with their keys; ferry assign --patient-id needs no order',
  },
  SOURCE_UNKNOWN: {
    meaning: 'no source of orders has this name',
    todo: 'ferry orders lists the sources; orders in the configuration names them',
  },
  PROFILE_UNKNOWN: {
    meaning: 'the configuration has no profile of this name',
    todo: 'deidentification.profiles in the configuration names the profiles',
  },
  IMPORT_RUNNING: {
    meaning: 'another import is running',
    todo: 'wait until it has ended',
  },
  IMPORT_ENDED: {
    meaning: 'this import has ended',
    todo: 'start a new import; instances that are here already are not stored twice',
  },
  KEY_UNKNOWN: {
    meaning: 'the id does not fit exactly one key',
    todo: 'ferry-center keys list shows all ids; give more of its characters',
  },
  KEY_REVOKED: {
    meaning: 'the key was revoked already',
    todo: 'nothing; ferry-center keys list shows since when',
  },
  KEY_NEEDED: {
    meaning: 'the key is the only one of its kind in use',
    todo: 'make a new key first, by ferry-center keys rotate; --now if others may know this one',
  },
  ACCOUNT_UNKNOWN: {
    meaning: 'there is no account of this name',
    todo: 'ferry-center account list shows the names',
  },
  ACCOUNT_EXISTS: {
    meaning: 'there is an account of this name already',
    todo: 'choose another name; ferry-center account reset NAME makes a new password for the old one',
  },
  ACCOUNT_NAME: {
    meaning: 'the name cannot be used for an account',
    todo: 'use up to 64 letters, digits, spaces and . _ @ -, with a letter or digit first',
  },
  PASSWORD_CHOICE: {
    meaning: 'the password cannot be used',
    todo: 'choose another one of 10 to 200 characters',
  },
  SIGN_IN_REFUSED: {
    meaning: 'the name or the password is wrong',
    todo: 'try again; an admin makes a new password with ferry-center account reset NAME',
  },
  SIGN_IN_LATER: {
    meaning: 'there were too many wrong passwords',
    todo: 'wait for the time that is named, then try again',
  },
} as const satisfies Partial<Record<FailureCode, FailureWords>>
