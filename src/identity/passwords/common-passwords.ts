/**
 * Words that stand at the head of every published list of leaked passwords, in lower case and without
 * the digits that people append: what is left of a password after these and the digits are taken
 * out counts (`password-rules.ts`). A list of whole passwords would hold thousands of variants of the
 * same words and miss the next one.
 */
export const COMMON: readonly string[] = `
password passwort passw0rd passwd pass mypassword motdepasse contrasena senha parola lozinka heslo wachtwoord
qwerty qwertz azerty qazwsx asdfgh zxcvbn letmein iloveyou loveyou love welcome willkommen bienvenue welkom
admin administrator root superuser operator sysadmin manager master guest user username login signin default
secret geheim changeme changeit change temporary temp test testing tester demo example sample trustno1 trust
monkey dragon football baseball basketball soccer hockey tennis sunshine princess shadow superman batman spiderman
michael jennifer jordan hunter killer charlie andrew daniel thomas robert jessica joshua matthew ashley amanda
nicole maggie ginger pepper buster cookie summer winter spring autumn january february march april june july august
september october november december monday tuesday wednesday thursday friday saturday sunday
starwars pokemon naruto minecraft fortnite computer internet server database network system windows linux ubuntu
google facebook twitter linkedin amazon apple samsung microsoft android iphone chocolate cheese banana orange
purple yellow freedom whatever nothing hello helloworld world angel diamond flower butterfly rainbow family
mustang corvette ferrari porsche mercedes harley yamaha liverpool chelsea arsenal barcelona realmadrid juventus
london paris berlin madrid america canada germany france england australia zürich zurich
chatelaine company office security secure access private public production staging develop developer devops
correcthorsebatterystaple correct-horse-battery-staple thisisapassword thisismypassword
`
  .trim()
  .split(/\s+/);
