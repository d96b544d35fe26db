/** Headlines, findings and "next" lines of the status. The condition of each is in src/console/views/status-sentences.ts. */
export const STATUS_ENGLISH = {
  'history.about': 'what the agent did in each of the last 24 hours',
  'history.days': 'for each of the last 30 days',
  'history.none': 'In this time nothing came in, and no request failed.',
  'history.images': 'IMAGES',
  'history.bytes': 'SIZE',
  'history.confirmed': 'CONFIRMED',
  'history.latency': 'TO RECEIPT',
  'history.refused': 'TURNED AWAY',
  'history.failures': 'FAILED REQUESTS',
  'history.sum': 'all',
  'health.well': 'All is well',
  'health.coping': 'Ferry is coping; you need not do anything now',
  'health.retrying': 'Sending to the center fails now; Ferry keeps trying by itself',
  'health.decide': 'Please decide: a device that is not listed was turned away',
  'health.act': 'Needs you: {count}',
  'health.since': ', since {time} ({age})',
  'health.next': 'next',
  'health.todo': 'to do',
  'health.held': '{count} {count:instance is|instances are} held and {count:waits|wait} for you',
  'health.held.todo':
    'ferry queue shows why; remove the cause, then ferry retry. If a check holds them: ferry quarantine',
  'health.centerWhy': 'Nothing can be sent to the center: {why}',
  'request.pack': 'Images of {count} {count:study|studies} cannot be sent to the center: {why}',
  'request.receipt':
    '{count} {count:study is|studies are} at the center and {count:waits|wait} for the receipt: {why}',
  'request.pacs': 'It is not known whether the PACS has {count} {count:study|studies} by now: {why}',
  'request.pacsChanges': 'It is not known whether the PACS has more studies by now: {why}',
  'request.receipts': 'The center does not say whether it still knows its receipts: {why}',
  'request.holdings':
    'No confirmed copy is removed here, since the center does not say whether it has the images: {why}',
  'health.stranger': '{device} at {address} ({count} {count:time|times}): {what}',
  'health.served': '{device} at {address}: {what}',
  'health.stranger.todo': 'ferry devices shows what it proposes, and what can be done',
  'health.late': 'The oldest instance waits for its confirmation',
  'health.late.todo': 'ferry queue shows the reason',
  'health.silentDevice': 'No image has come from {device}',
  'health.silentDevice.todo':
    'send an image or press echo on the device. If it works only now and then, set silentAfter for it under devices in ferry.yaml',
  'problem.held': 'instances are held',
  'problem.deviceRejected': 'the device {device} is turned away',
  'problem.other': 'the problem {code}',
  'health.clock': "This machine's clock and the center's differ by {offset}",
  'health.clock.todo':
    'either may be wrong: compare this machine with a clock that you trust; switch on time synchronization (NTP) here, or tell the center',

  'next.attempt': 'attempt {attempt} at {time} (in {wait}); Ferry keeps trying by itself',
  'next.attemptNow': 'attempt {attempt} is due now; Ferry keeps trying by itself',
  'next.untilJoined':
    'devices are answered (C-ECHO) and can be approved; images are turned away for now, so that devices send them again, until the agent has joined; it then goes on by itself',
  'next.kept': 'nothing changes until you act; these images are kept here',
  'next.goodOnesKept': 'the held images whose files are good are kept here until you act',
  'next.notSendable':
    'Ferry cannot send these images from here; this ends if the center has them after all, or when the device sends them again',
  'next.noCopy': 'Ferry has no copy left to send; this ends when the images are sent again',
  'next.sendingAgain': 'Ferry sends the images that are still kept here again by itself',
  'next.sentWhenReached':
    'the images that are still kept here are sent again as soon as the center can receive them',
  'next.whenRoom': 'devices are refused; as soon as there is room they are accepted again by themselves',
  'next.diskTried':
    'devices are refused; Ferry tries the disk every few seconds and accepts them as soon as it works',
  'next.roomAndDisk':
    'devices are refused until there is room and the disk works; Ferry looks every few seconds and accepts them by itself',
  'next.stillLetIn': 'until then devices are accepted',
  'next.untilRetry': 'this notice stays until ferry retry; it delays no other image',
  'next.untilComplete': 'this ends by itself if the rest comes',
  'next.reportTried':
    'Ferry reports to the device again by itself until commitment.report is over; after that, ferry retry tries again',
  'next.receiptAsked': 'Ferry asks for the receipt again by itself and removes nothing until it is right',
  'next.untilConfirmed': 'this ends by itself when the center has confirmed the instance',
  'next.bothServed':
    'neither machine is refused because of this; it ends about an hour after only one of them is left',

  'next.agentsWait': 'agents keep their images and send them by themselves when the center runs again',
  'next.agentsWaitForAll':
    'agents keep their images; they send again by themselves when the center runs and its disks are there and have room',
  'next.agentsWaitForRoom': 'as soon as there is room, agents send again by themselves',
  'next.stillReceiving': 'until then agents are served',
  'next.agentsWaitForStore': 'as soon as the right disk is there, agents send again by themselves',
  'next.lostSentAgain':
    'agents that still have them send them again by themselves as soon as the center takes images; the others need you',
  'next.pacsRetry': 'the center does not try these instances again until you act',
  'next.untilReleased': 'they wait until you act',
  'next.pacsAskedAgain': 'the center tries again by itself',
  'next.untilApproved': 'this agent sends nothing until you approve it',
  'next.untilHeard': 'this ends by itself as soon as the agent is in contact again',
} as const
