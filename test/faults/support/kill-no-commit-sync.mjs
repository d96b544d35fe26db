// Loaded with --import, it commits everything as if it could be derived again: the control of a check of durable commits.
import { Database } from '../../../src/platform/sqlite.ts'

// oxlint-disable-next-line typescript/unbound-method -- both are methods of the same class
Database.prototype.durably = Database.prototype.transaction
