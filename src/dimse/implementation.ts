/** How Ferry names itself in associations (PS3.7 §D.3.3.2): a UUID-derived UID (PS3.5 §B.2), at most 64 characters. */
export const IMPLEMENTATION_CLASS_UID = '2.25.63466169915706097466818127924654556008'

/** At most 16 characters (PS3.7 §D.3.3.2.3). */
export const IMPLEMENTATION_VERSION_NAME = 'FERRY_0.1'
