/**
 * Words that also occur in names, but alone mean something else in the text of an examination: searched only next to
 * the rest of the name or after a form of address.
 */
const WORDS = `
all and ann any arm art axl bad bed big bin bit bmp box can cbf cor cta ctv cut day dcm dwi ear end eye fan far fat few flu for fov
gas gen had has her hip his hot ink jaw key lab law leg let lip lot low man map mar may men min mid mix mra mri mrs nan near net new
nor not now off old one our out pan pen per pet pin ran raw ray red ref rib row run sag set sex she sub sum sun tab tan ten the tip
toe tof top tra two use van von war was way wet who why win xry yes you
abdomen abnormal admin adult allen angle anonym anonymized anonymous april arms august axial back ball banks base best black blank block
blue body bone born brain branch breast bright bronze brown bush calm case chance change chest child close cold contrast coronal
cross dance deep demo dense derived doctor down drake early east even face fast female field fields field fine flow foot force
free frame front gray green grey hand hands hard head hearts heart heel hill hip hold home hope image jaw june joint keen kidney king
knee lance lane large late left light limb line lines liver local localizer long lower lung main male march marker mask mass matter may
middle mild monday more mother name neck nerve none normal north null nurse obese open operator original other page pain part parts
patient peak pelvis phantom plain planes point post price primary prior probe prone pulse pure quality range rapid read report rest
rich right ring room rose round routine scan scanner scout search secondary series sharp shin short shoulder side silver skin skull
slice slim slow small smooth soft south spine standard still stone strong student study summer supine system tech technician temp test
tester thin tissue total trace true unknown upper user valve view volume water weak west white whole wide winter wise wood wrist young
`
const COMMON_WORDS: ReadonlySet<string> = new Set(WORDS.trim().split(/\s+/))

export const isCommonWord = (word: string): boolean => COMMON_WORDS.has(word.toLowerCase())
