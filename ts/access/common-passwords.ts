/** Passwords of 12 characters and more that everybody tries first, in lower case, without what repeats or counts on. */
const wellKnown = new Set(
  `
password1234 password12345 password123456 password1234567 password12345678 password123456789 password1234567890
password4321 password2015 password2016 password2017 password2018 password2019 password2020 password2021 password2022
password2023 password2024 password2025 password2026 password2027 passwordpass passw0rd1234 passw0rd12345 p@ssw0rd1234
p@ssword1234 p@ssw0rd12345 p@ssword12345 p@ssw0rd123456 pa$$w0rd1234 pa$$word1234 p4ssw0rd1234 p455w0rd1234
mypassword12 mypassword123 mypassword1234 mypassword12345 newpassword1 newpassword12 newpassword123 newpassword1234
thepassword1 thepassword12 thepassword123 yourpassword yourpassword1 yourpassword123 ourpassword123 mysecretpassword
mypasswordis mypasswordispassword thisismypassword thisisapassword thisisnotapassword passwordispassword nopassword123
password!@#$ password!@#123 password!123 password@123 password#123 password$123 password@1234 password#1234
password.123 password-123 password_123 password_1234 password.1234 password-1234 passwordone1 passwordabc123
password1!password1! secretpassword secretpassword1 secretpassword123 supersecret1 supersecret12 supersecret123
supersecret1234 topsecret123 topsecret1234 topsecretpassword verysecret123 verysecretpassword strongpassword
strongpassword1 strongpassword123 securepassword securepassword1 securepassword123 goodpassword goodpassword1
goodpassword123 longpassword longpassword1 longpassword123 averylongpassword verylongpassword simplepassword
easypassword easypassword1 easypassword123 badpassword12 badpassword123 temppassword temppassword1 temppassword123
temporarypassword temporary123 temporary1234 defaultpassword defaultpassword1 default12345 default123456 changeme1234
changeme12345 changeme123456 changemechangeme changemenow1 changemenow123 changemeplease pleasechangeme
pleasechangeme1 pleasechangeme123 changethis123 changethis1234 changethispassword changepassword changepassword1
changepassword123 changeit1234 changeitchangeit resetpassword resetpassword1 resetpassword123 resetme12345
administrator administrator1 administrator12 administrator123 administrator1234 adminpassword adminpassword1
adminpassword12 adminpassword123 admin1234567 admin12345678 admin123456789 admin1234567890 adminadmin12 adminadmin123
adminadmin1234 admin@123456 admin@1234567 admin@12345678 admin!123456 admin#123456 admin123!@#$ admin2020!@#
admin_password admin-password rootpassword rootpassword1 rootpassword123 rootroot1234 rootroot12345 root12345678
root123456789 toor12345678 superadmin12 superadmin123 superadmin1234 superuser123 superuser1234 superuserpassword
sysadmin1234 sysadmin12345 systemadmin1 systemadmin123 systempassword manager12345 manager123456 operator1234
operator12345 supervisor12 supervisor123 userpassword userpassword1 userpassword123 user12345678 user123456789
username1234 username12345 usernamepassword testpassword testpassword1 testpassword12 testpassword123 testtest1234
testtest12345 testing12345 testing123456 testing1234567 testtesttest testuser1234 testuser12345 test12345678
test123456789 test1234567890 test@1234567 tester123456 demopassword1 demodemo1234 demo12345678 guestpassword
guestguest123 guest1234567 guest12345678 samplepassword examplepassword example12345 letmein12345 letmein123456
letmein1234567 letmeinletmein letmeinnow123 letmeinplease pleaseletmein letmein!1234 letmein2020! welcome12345
welcome123456 welcome1234567 welcome12345678 welcome@1234 welcome@12345 welcome!1234 welcome#1234 welcomehome1
welcomehome123 welcomewelcome welcome2theclub welcometo123 welcomeback1 welcomeback123 opensesame12 opensesame123
opensesame1234 accessgranted accessdenied accesscontrol trustno11234 trustno1trustno1 trustnoone12 trustnoone123
qwertyuiop12 qwertyuiop123 qwertyuiop1234 qwertyuiop12345 qwertyuiop123456 qwertyuiop1234567890 qwertyuiop[]
qwertyuiop[]\\ qwertyuiopas qwertyuiopasd qwertyuiopasdf qwertyuiopasdfgh qwertyuiopasdfghjkl
qwertyuiopasdfghjklzxcvbnm qwerty123456 qwerty1234567 qwerty12345678 qwerty123456789 qwerty1234567890 qwerty654321
qwertyqwerty qwertyqwerty1 qwertyqwerty123 qwertyasdfgh qwertyasdfgh1 qwertyasdfghzxcvbn qwertyzxcvbn qwertz123456
qwertzuiop12 qwertzuiop123 azertyuiop12 azertyuiop123 azertyuiopqs azertyuiopqsdfgh azerty123456 azerty12345678
asdfghjkl123 asdfghjkl1234 asdfghjkl12345 asdfghjkl;'\\ asdfghjklzxc asdfghjklzxcvbnm asdfasdfasdf asdfqwer1234
asdf1234asdf asdf12345678 asdfgh123456 asdfghasdfgh zxcvbnm12345 zxcvbnm123456 zxcvbnm1234567 zxcvbnm123456789
zxcvbnmasdfghjkl zxcvbnmasdfghjklqwertyuiop zxcvbnm,./123 zxcvbnmzxcvbnm 1qaz2wsx3edc 1qaz2wsx3edc4rfv
1qaz2wsx3edc4rfv5tgb 1qaz1qaz1qaz 1qazxsw23edc 1qaz!qaz2wsx @wsx1qaz@wsx 1qaz@wsx3edc !qaz2wsx#edc !qaz@wsx#edc
!qaz1qaz@wsx2wsx 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i 1q2w3e4r5t6y7u8i9o 1q2w3e4r5t6y7u8i9o0p 1q2w3e4r1q2w3e4r
1q2w3e1q2w3e q1w2e3r4t5y6 q1w2e3r4t5y6u7 q1w2e3r4t5y6u7i8 q1w2e3r4t5y6u7i8o9p0 q1w2e3r4q1w2e3r4 zaq12wsxcde3
zaq1zaq1zaq1 zaq1xsw2cde3 zaq1xsw2cde3vfr4 xsw2zaq1cde3 qazwsxedcrfv qazwsxedcrfvtgb qazwsxedcrfvtgbyhnujm
qazwsx123456 qazwsxedc123 qazxswedcvfr qweasdzxc123 qweasdzxc1234 qweasdzxcqweasdzxc qweqweqwe123 qwe123qwe123
qwe123asd456 qwe123asd123 qweasd123456 qwer1234asdf qwer1234qwer qwer12345678 qwert1234567 qwert12345678 asd123asd123
asdqwe123456 zxc123zxc123 zxcv1234zxcv abcd12345678 abcd1234abcd abcd1234efgh abcde1234567 abc123456789 abc1234567890
abc123abc123 abc123def456 abc123xyz789 abc123!@#abc a1b2c3d4e5f6 a1b2c3d4e5f6g7 a1b2c3d4e5f6g7h8 a1a2a3a4a5a6
aa1234567890 aa123456789a aabbccddeeff a123456789012 aaa123456789 123456789abc 123456789abcd 1234567890ab
1234567890abc 1234567890abcdef 1234567890qwerty 1234567890qwertyuiop 123456qwerty 1234567qwerty 12345qwertyuiop
1234qwerasdf 1234qwer1234 1234qwerasdfzxcv 123qweasdzxc 123qwe123qwe 123qwe456rty 123abc456def 123asd123asd
12345678abcd 123456abcdef 12345abcde12 12345678qwer 123456asdfgh 123456password 12345password 1234password
1234567password 123456789password 123456789a123456789 1234567891011 123456789101112 1234567891234 123456781234
123412341234 123456654321 1234567887654321 1234567890987654321 12345678900987654321 12345678987654321
123456789987654321 098765432112 098765432112345 0987654321qwerty 9876543210ab 987654321abc 987654321qwerty
112233445566 11223344556677 1122334455667788 112233445566778899 111222333444 111222333444555 111122223333
11112222333344445555 121212121212 123321123321 147258369147 147258369000 147852369147 159357258456 159753258456
741852963741 789456123000 789456123123 100200300400 101010101010 102030405060 010203040506 010101010101 112358132134
314159265358 3141592653589 31415926535897 314159265358979 271828182845 1029384756123 10293847561029384756 iloveyou1234
iloveyou12345 iloveyou123456 iloveyouforever iloveyoubaby iloveyoubaby1 iloveyousomuch iloveyoumore iloveyoualways
iloveyou2020 iloveyou!123 iloveyouiloveyou iloveyoumom1 iloveyoumommy iloveyouverymuch ilovemyself1 ilovemyself123
ilovemyfamily ilovemydog123 ilovemycat123 ilovejesus12 ilovejesus123 ilovemusic12 ilovemusic123 ihateyou1234
ihatepasswords ihatethispassword iamthebest12 iamthebest123 iamtheking12 iamironman123 iamabatman12 loveyouforever
loveyoubaby1 lovelovelove lovelove1234 loveme123456 princess1234 princess12345 princess123456 sunshine1234
sunshine12345 sunshine123456 sunshinesunshine sunflower123 sunflower1234 football1234 football12345 football123456
footballfootball baseball1234 baseball12345 basketball12 basketball123 basketball1234 volleyball12 volleyball123
liverpool123 liverpool1234 manchester12 manchester123 manchesterunited chelseafc123 arsenalarsenal barcelona123
barcelona1234 realmadrid12 realmadrid123 juventus1234 superman1234 superman12345 supermansuperman batman123456
batmanbatman1 spiderman123 spiderman1234 ironman12345 starwars1234 starwars12345 starwarsstarwars maytheforcebewithyou
darthvader12 darthvader123 lukeskywalker startrek1234 pokemon12345 pokemon123456 minecraft123 minecraft1234
harrypotter1 harrypotter12 harrypotter123 gandalf12345 lordoftherings monkey123456 monkeymonkey dragon123456
dragon1234567 dragondragon dragonball12 dragonball123 dragonballz1 dragonballz123 master123456 mastermaster
shadow123456 shadowshadow michael12345 michael123456 jennifer1234 jennifer12345 jessica12345 jessica123456
charlie12345 charlie123456 jordan123456 jordan232323 ashley123456 daniel123456 matthew12345 christopher1 christopher12
christopher123 alexander123 alexander1234 elizabeth123 elizabeth1234 stephanie123 stephanie1234 chocolate123
chocolate1234 butterfly123 butterfly1234 whatever1234 whatever12345 computer1234 computer12345 computer123456
computercomputer internet1234 internet12345 internet123456 samsung12345 samsung123456 samsunggalaxy microsoft123
microsoft1234 windows12345 windows123456 google123456 googlegoogle facebook1234 facebook12345 facebook123456
linkedin1234 myspace12345 youtube12345 hello1234567 hello12345678 hellohello12 hellohello123 helloworld12
helloworld123 helloworld1234 hello123hello goodmorning1 goodmorning123 goodnight123 goodluck1234 godisgreat12
godisgood123 godisgood1234 jesuschrist1 jesuschrist12 jesuschrist123 jesusislord1 jesuslovesme jesuslovesyou
blessed12345 freedom12345 freedom123456 happybirthday happybirthday1 happyhappy12 happyday1234 merrychristmas
merrychristmas1 christmas123 christmas1234 halloween123 halloween1234 summertime12 summertime123 summer123456
summer2020!! winter123456 spring123456 autumn123456 spring2024!! summer2024!! summer2025!! winter2024!! winter2025!!
january12345 february1234 december1234 september123 september1234 november1234 monday123456 friday123456 company12345
company123456 companyname1 business1234 business12345 office123456 corporate123 security1234 security12345
security123456 server123456 serverpassword database1234 database12345 databasepassword mysqlpassword postgrespassword
postgres1234 postgres12345 postgrespostgres oracle123456 mongodb12345 redispassword docker123456 dockerpassword
kubernetes12 kubernetes123 kubernetes1234 jenkins12345 jenkinspassword nexus1234567 artifactory1 artifactory12
artifactory123 registry1234 registrypassword stowage12345 stowagestowage stowagepassword gitlab123456 github123456
raspberry123 raspberrypi1 raspberrypi12 raspberrypi123 linuxlinux12 ubuntu123456 ubuntuubuntu
correcthorsebatterystaple correct-horse-battery-staple correct_horse_battery_staple correct.horse.battery.staple
tobeornottobe thequickbrownfox thequickbrownfoxjumps onetwothreefour onetwothreefourfive abcdefghijkl123 fuckyou12345
fuckyou123456 fuckyoufuckyou fuckyou!1234 motherfucker motherfucker1 asshole12345 bullshit1234
`
    .trim()
    .split(/\s+/)
    .concat('correct horse battery staple', 'the quick brown fox', 'to be or not to be', 'open sesame 123'),
)

/** Rows of keyboards and the orders that everybody knows. */
const rows = [
  '01234567890123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop[]asdfghjkl;zxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
]

/**
 * Is this one of the passwords that are tried first? Case does not count, nor what is put at the end of a known one;
 * a few characters repeated and a walk along a row of keys count as known too.
 */
export function isCommonPassword(password: string): boolean {
  const text = password.toLowerCase()
  return wellKnown.has(text) || wellKnown.has(text.replace(/[^a-z0-9]+$/, '')) || repeats(text) || countsOn(text)
}

/** One to four characters over and over: `aaaaaaaaaaaa`, `abcabcabcabc`. */
function repeats(text: string): boolean {
  return /^(.{1,4}?)\1{2,}$/su.test(text)
}

/** A walk along one row, forwards or backwards. */
function countsOn(text: string): boolean {
  const backwards = [...text].reverse().join('')
  return rows.some((row) => row.includes(text) || row.includes(backwards))
}
