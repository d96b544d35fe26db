import PQueue from 'p-queue'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { Role } from '../../protocol/page/center-page-api.ts'
import type { Account, AccountRegister } from '../register/account-register.ts'
import { GuessLimit } from './guess-limit.ts'
import {
  hashPassword,
  isAcceptable,
  isPassword,
  newPassword,
  PASSWORD_COST,
  SHORTEST_PASSWORD,
} from './password.ts'

/** Passwords that are looked at at one time: each takes 32 MiB. The others wait, and not without end. */
const AT_ONCE = 2
const MOST_WAITING = 20
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u

/** Adds accounts, and finds the account of a name and password. */
export class SignIn {
  readonly #accounts: AccountRegister
  readonly #clock: Clock
  readonly #limit: GuessLimit
  readonly #lane = new PQueue({ concurrency: AT_ONCE })
  readonly #cost: number

  /** `cost` is log2 of scrypt's N for passwords that are stored from now on. */
  constructor(accounts: AccountRegister, clock: Clock, cost = PASSWORD_COST) {
    this.#accounts = accounts
    this.#clock = clock
    this.#limit = new GuessLimit(clock)
    this.#cost = cost
  }

  /** Returns the account and its first password. Throws ACCOUNT_EXISTS, ACCOUNT_NAME. */
  async add(name: string, role: Role): Promise<{ account: Account; password: string }> {
    if (!NAME.test(name)) {
      const rule = 'up to 64 letters, digits, spaces and . _ @ -, with a letter or digit first'
      throw new Failure('ACCOUNT_NAME', `adding an account: ${JSON.stringify(name)} is not ${rule}`)
    }
    const password = newPassword()
    const stored = await hashPassword(password, this.#cost)
    const createdAt = this.#clock.now()
    const account = { name, role, password: stored, isFirst: true, createdAt, signedInAt: null }
    if (!(await this.#accounts.add(account)))
      throw new Failure('ACCOUNT_EXISTS', `adding an account: ${name} has one already`)
    return { account, password }
  }

  /** Gives a person who lost the password a new first one. Throws ACCOUNT_UNKNOWN. */
  async reset(name: string): Promise<string> {
    const password = newPassword()
    if (!(await this.#accounts.setPassword(name, await hashPassword(password, this.#cost), true)))
      throw unknown(name)
    return password
  }

  /** Throws ACCOUNT_UNKNOWN. */
  async remove(name: string): Promise<void> {
    if (!(await this.#accounts.remove(name))) throw unknown(name)
  }

  /**
   * Returns the account of a name and password. `peerAddress` is slowed too. Throws SIGN_IN_REFUSED, which never tells
   * whether the name exists, and SIGN_IN_LATER after many wrong ones.
   */
  async enter(name: string, password: string, peerAddress: string): Promise<Account> {
    const keys = [`name ${name}`, `address ${peerAddress}`]
    const waitMs = this.#limit.waitMs(...keys)
    if (waitMs > 0 || this.#lane.size >= MOST_WAITING) {
      const seconds = Math.ceil(Math.max(waitMs, 1000) / 1000)
      throw new Failure('SIGN_IN_LATER', `signing in: too many wrong passwords: wait ${seconds} s`)
    }
    // Counted before the answer is known, so that guesses that come at once do not all pass.
    this.#limit.wrong(...keys)
    const account = await this.#accounts.find(name)
    const isRight = await this.#lane.add(() => isPassword(password, account?.password, this.#cost))
    if (!isRight || account === undefined)
      throw new Failure('SIGN_IN_REFUSED', 'signing in: the name or the password is wrong')
    this.#limit.right(...keys)
    await this.#accounts.signedIn(account.name, this.#clock.now())
    return account
  }

  /** Throws SIGN_IN_REFUSED if the old password is wrong, and PASSWORD_CHOICE. */
  async changePassword(name: string, old: string, chosen: string, peerAddress: string): Promise<void> {
    if (!isAcceptable(chosen) || chosen === old) {
      const rule = `at least ${SHORTEST_PASSWORD} characters, at most 200, and not the old one`
      throw new Failure('PASSWORD_CHOICE', `changing a password: choose ${rule}`)
    }
    await this.enter(name, old, peerAddress)
    await this.#accounts.setPassword(name, await hashPassword(chosen, this.#cost), false)
  }
}

const unknown = (name: string): Failure =>
  new Failure('ACCOUNT_UNKNOWN', `looking for an account: there is none named ${name}`)
