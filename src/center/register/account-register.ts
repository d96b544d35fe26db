import type { Role } from '../../protocol/page/center-page-api.ts'

/** A person who may use the center's page. Times are ms since 1970. */
export interface Account {
  readonly name: string
  readonly role: Role
  /** The stored form of the password (accounts/password.ts). */
  readonly password: string
  /** The password was made by the program, and the person has not chosen one yet. */
  readonly isFirst: boolean
  readonly createdAt: number
  readonly signedInAt: number | null
}

export interface AccountRegister {
  list(): Promise<Account[]>
  find(name: string): Promise<Account | undefined>
  /** Returns false if the name is taken. */
  add(account: Account): Promise<boolean>
  /** Each returns false if there is no such account. */
  setPassword(name: string, password: string, isFirst: boolean): Promise<boolean>
  setRole(name: string, role: Role): Promise<boolean>
  remove(name: string): Promise<boolean>
  signedIn(name: string, at: number): Promise<void>
}
