/** Causes of the failures of commands; see causes-zh.ts. */
export const COMMAND_CAUSES_IN_CHINESE: readonly (readonly [cause: string, words: string])[] = [
  ['making a new register: {folder} has a {file}, which stays as it is', '{folder} 中已有 {file}，未作改动'],
  ['finding a key: {count} keys have the id {id}', '符合编号 {id} 的密钥有 {count} 把'],
  ['finding a key: {id} has less than {count} characters', '{id} 不足 {count} 位'],
  ['revoking a key: it was revoked at {when}', '已于 {when} 停用'],
  ['revoking a key: no other {kind} key is in use', '没有其他在用的 {kind} 密钥'],
  [
    "reading the agent's answer: it has version {found}, this program knows {known}",
    '应答的版本是 {found}，此命令认识的是 {known}',
  ],
  [
    'reading the devices again: this agent was started without a configuration file',
    '前置机启动时没有配置文件',
  ],
  ['starting again: restart the service by hand', '请手工重启服务'],
  ['reading the identities: the file holds none', '文件中没有任何身份信息'],
  ['reading the identities: line {line} has more than {count} characters', '第 {line} 行超过 {count} 个字符'],
  ['changing {path}: permission denied: run this as a user that may write it', '当前用户无权改写 {path}'],
]
