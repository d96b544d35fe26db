/** Causes of the alarms of watched folders; see causes-zh.ts. */
export const FOLDER_CAUSES_IN_CHINESE: readonly (readonly [cause: string, words: string])[] = [
  ['{count} files cannot be taken as they are', '{count} 个文件无法照原样收取'],
  ['the oldest file is {file}', '最早的文件是 {file}'],
  ['moving taken files to {path}: {code}', '移往 {path} 失败，{code}'],
  ['deleting taken files: {code}', '删除失败，{code}'],
  ['reading below {path}: {code}', '{path} 中有内容无法读取，{code}'],
  [
    "reading {path}: EINVAL: it is, or contains, or is within Ferry's data folder",
    '{path} 与影渡的数据文件夹重叠',
  ],
  ['this agent has joined no center yet', '本前置机尚未加入中心'],
]
