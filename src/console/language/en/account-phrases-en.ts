/** The texts about accounts of the center's page. */
export const ACCOUNT_ENGLISH = {
  'centerAccount.about': "accounts of the people who may use the center's page",
  'centerAccount.add': 'add an account; its first password is printed once',
  'centerAccount.list': 'list the accounts',
  'centerAccount.reset': 'make a new first password for a person who lost theirs',
  'centerAccount.remove': 'remove an account; its sessions end',
  'centerAccount.name': 'name of the person, as shown in records',
  'centerAccount.role':
    'viewer looks; operator also decides about images and alarms; admin also about agents and accounts',
  'centerAccount.added': '{name} may use the page as {role}.',
  'centerAccount.password':
    'First password, shown only now: {password}\nThe page asks for another one at the first sign-in.',
  'centerAccount.removed': '{name} may no longer use the page.',
  'centerAccount.none': 'There are no accounts yet: ferry-center account add NAME --role admin',
  'centerAccount.never': 'never',
  'role.viewer': 'viewer',
  'role.operator': 'operator',
  'role.admin': 'admin',
  'column.role': 'ROLE',
  'column.signedIn': 'LAST SIGN-IN',
} as const
