/** Causes for which the center holds an instance, or the PACS does not have it, in Chinese; the rules are those of CAUSES_IN_CHINESE. */
export const PACS_CAUSES_IN_CHINESE: readonly (readonly [cause: string, words: string])[] = [
  [
    'the PACS has this SOP instance already, with other content',
    'PACS 已有同号影像，内容不同：请比对后决定以哪个为准',
  ],
  ['another version of this SOP instance came before', '此前收到过同号的另一版本：请比对'],
  ['another agent brought its study first', '该检查最先由另一台前置机送来'],
  ['another agent brought its series first, in another study', '该序列最先由另一台前置机送来，属于另一检查'],
  ['another agent brought this SOP instance first', '同号影像最先由另一台前置机送来'],
  ['it may be read in several ways: {doubt*}', '数据集可作多种解读：请用其他软件查看后再决定'],
  ['the PACS says that it has this SOP instance already', 'PACS 称已有此影像，其副本未能比对'],
  ['the PACS refused it: {meaning*} ({status})', 'PACS 拒收（{status}）'],
  [
    'the PACS answered {status}: it answers neither in DICOM JSON nor in DICOM XML',
    'PACS 应答 {status}：它既不能用 DICOM JSON 应答，也不能用 DICOM XML 应答',
  ],
  ['the PACS answered {status}', 'PACS 应答 {status}'],
  ['every name is taken', '无法新建影像文件：名称均已占用'],
  ['syncing them had failed before', '此前未能同步到磁盘'],
  ['it is shorter than it was', '影像包比收到时短'],
  ['its sealed bytes do not have the digest of its trailer', '封存内容与其摘要不符'],
  ['its bytes are not those that were stored', '文件内容与保存时不同'],
]
