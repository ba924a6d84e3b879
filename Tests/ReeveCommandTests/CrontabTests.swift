import ArgumentParser
import JSON
import ReeveProtocol
import Testing
import YAML

@testable import reeve

struct CrontabTests {
    private func expression(_ task: TaskDefinition?) -> String? {
        switch task?.schedule?.kind {
        case .cron(let text): text
        case .everyBoot: "boot"
        default: nil
        }
    }

    private func command(_ task: TaskDefinition?) -> [String]? {
        task?.command ?? task?.steps?.first?.command
    }

    // MARK: When

    @Test(
        arguments: [
            // As they are.
            ("0 3 * * *", "0 3 * * *"), ("*/5 0-23/2 1,15 jan-Mar,12 1-5", "*/5 0-23/2 1,15 jan-Mar,12 1-5"),
            ("5\t4  *  * \t sun", "5 4 * * sun"), ("30 4 1,15 * 5", "30 4 1,15 * 5"), ("0 0 * * 7", "0 0 * * 7"),
            ("0 0 * * 5-7", "0 0 * * 5-7"), ("0 0 */2 * *", "0 0 */2 * *"), ("0 0 1-31 * 1", "0 0 1-31 * 1"),
            ("@daily", "@daily"), ("@annually", "@annually"), ("@midnight", "@midnight"), ("@reboot", "boot"),
            // What the agent's parser refuses or takes for something else.
            ("*/60 */24 * * *", "0 0 * * *"), ("005 3 * * *", "5 3 * * *"), ("0 0 * */13 *", "0 0 * 1 *"),
            ("1-7/100,9 0 * * *", "1,9 0 * * *"), ("0 0 * * 7-7", "0 0 * * 0"), ("*,005 * * * *", "* * * * *"),
            // A * that does not come first leaves the field restricted: either counts.
            ("0 0 5,* * 1", "0 0 1-31 * 1"), ("0 0 1 * 1,*", "0 0 1 * 0-6"),
            // A * that comes first, whatever is behind it: both count.
            ("0 0 *,5 * 1", "0 0 *,5 * 1"), ("0 0 */1 * 1", "0 0 * * 1"), ("0 0 1-31 * */2", "0 0 * * */2"),
            ("0 0 1 * */1", "0 0 1 * *"), ("0 3 */100,1-7 * mon", "0 3 * * 1#1"), ("0 3 1-7 * */7", "0 3 * * 0#1"),
            ("0 3 */32,1-14 * 1,3", "0 3 * * 1#1,3#1,1#2,3#2"), ("0 3 29-31 * */5", "0 3 * * 0#5,5#5"),
        ]
    )
    func `a time keeps its meaning`(time: String, wanted: String) {
        let crontab = Crontab("\(time) x\n")
        #expect(expression(crontab.entries.first?.task) == wanted)
        let isRewritten = wanted != "boot" && wanted != time.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
        #expect(crontab.problems.map(\.isRefusal) == (isRewritten ? [false] : []))
    }

    @Test(
        arguments: [
            ("60 * * * * x", "minute \"60\": 60 is out of range"), ("5x * * * * x", "minute \"5x\" is no number"),
            ("5; * * * * x", "minute \"5;\" is no number"), ("*5 * * * * x", "minute \"*5\" is no number"),
            ("1-2-3 * * * * x", "minute \"1-2-3\" is no range"), ("5, * * * * x", "minute \"5,\": \"\" is no number"),
            ("*/5/2 * * * * x", "minute \"*/5/2\" has more than one step"),
            ("*/0 * * * * x", "minute \"*/0\": the step \"0\" is no number from 1 on"),
            ("*/x * * * * x", "minute \"*/x\": the step \"x\" is no number from 1 on"),
            ("5/10 * * * * x", "minute \"5/10\": cron takes a step behind a range or *, not behind a number alone"),
            ("0 22-2 * * * x", "hour \"22-2\": 22-2 ends before it begins, so cron never runs it"),
            ("0 0 * * fri-sun x", "day of week \"fri-sun\": fri-sun ends before it begins, so cron never runs it"),
            ("0 0 0 * * x", "day of month \"0\": 0 is out of range"),
            ("0 0 L * * x", "day of month \"L\" is no number"),
            ("0 0 ? * * x", "day of month \"?\" is no number"),
            ("0 0 * January * x", "month \"January\" is neither a number nor a name"),
            ("0 0 * * 8 x", "day of week \"8\": 8 is out of range"),
            ("0 0 * * 1#1 x", "day of week \"1#1\" is neither a number nor a name"),
            ("0~30 0 * * * x", "minute \"0~30\" is no number"),
            ("99999999999999999999 * * * * x", "minute \"99999999999999999999\" is no number"),
            (
                "0 0 */2 * mon x",
                "day of month \"*/2\" with day of week \"mon\": a day field that begins with * makes cron want both "
                    + "to fit, which no one expression says here"
            ),
            ("@Daily x", "\"@Daily\" is no time that cron knows"), ("@every_minute x", "\"@every_minute\" is no time"),
            ("1 2 3 4", "has 4 of the five fields of a time"), ("* * * * *", "has no command"),
            ("@daily", "has no command"), ("5 * * * mon ", "has no command"),
            ("* * * * * %in", "has no command before the %"), ("* * * * * x\r", "ends in a carriage return"),
            ("A=", "is neither NAME = value nor a time with a command"), ("A B = x", "is neither NAME = value"),
            ("A='b", "is neither NAME = value"), ("A=\"x\" y", "is neither NAME = value"), ("who", "is neither NAME"),
            ("=x", "has 1 of the five fields"), ("-", "has 0 of the five fields"),
        ]
    )
    func `what cron or the agent could not run so is refused`(line: String, reason: String) {
        let crontab = Crontab("# one\n\(line)\n0 0 * * * good\n")
        #expect(crontab.entries.map(\.line) == [3])
        #expect(crontab.problems.map(\.line) == [2])
        #expect(crontab.problems.map(\.isRefusal) == [true])
        #expect(crontab.problems.first?.reason.hasPrefix(reason) == true, "\(crontab.problems)")
        #expect(!crontab.isComplete)
    }

    @Test(
        arguments: [
            ("0 22-2 * * * x", "22-23,0-2"), ("0 0 * * fri-sun x", "fri-7"), ("0 0 * * sat-tue x", "sat-6,0-tue"),
            ("5/10 * * * * x", "5-59/10 for each from 5 on, or 5"),
            ("0 0 */2 * 0,3 x", "* as day of week, and before the command: date +\\%u | grep -q '[37]' &&"),
        ]
    )
    func `a refusal says what would be right`(line: String, hint: String) {
        #expect(Crontab(line + "\n").problems.first?.hint == hint)
    }

    // MARK: What

    @Test(
        arguments: [
            ("echo a", "echo a", nil), ("cat%one%two", "cat", "one\ntwo\n"), ("cat%", "cat", nil),
            ("cat%one%", "cat", "one\n"), ("cat%%", "cat", "\n"), (#"date +\%F"#, "date +%F", nil),
            (#"echo a\\b \n"#, #"echo a\b \n"#, nil), (#"echo a\\%b"#, #"echo a\"#, "b\n"),
            (#"echo a\\\%b"#, #"echo a\%b"#, nil), (#"cat%one%two\%x\\y%"#, "cat", "one\ntwo%x\\\\y\n"),
            (#"cat%a\\%b\\c\"#, "cat", #"a\%b\\c\"# + "\n"), (#"echo \"#, #"echo \"#, nil), ("x  #y ", "x  #y ", nil),
        ] as [(String, String, String?)]
    )
    func `percent signs part the command from its input`(text: String, line: String, input: String?) throws {
        let crontab = Crontab("* * * * * \(text)\n")
        let task = try #require(crontab.entries.first?.task)
        #expect(command(task) == ["/bin/sh", "-c", line])
        #expect(task.steps?.first?.input == input.map(InputDefinition.text))
        #expect(task.problems().isEmpty)
        #expect(crontab.problems.isEmpty)
    }

    @Test func `variables are of the lines behind them`() {
        let crontab = Crontab(
            """
            0 1 * * * first
            SHELL=/bin/bash
              PATH = /opt/bin:/bin
            HOME=/srv
            A = 'x " y'
            "B C"="  z "
            D=e "f"
            LOGNAME=nobody
            0 2 * * * second
            PATH=/bin
            0 3 * * * third

            """
        )
        #expect(crontab.problems.isEmpty)
        let tasks = crontab.entries.map(\.task)
        #expect(tasks.map(\.id) == ["cron-first", "cron-second", "cron-third"])
        #expect(tasks[0].environment == ["SHELL": .literal("/bin/sh"), "PATH": .literal("/usr/bin:/bin")])
        #expect(tasks[0].workingDirectory == nil)
        #expect(tasks[0].command == ["/bin/sh", "-c", "first"])
        let second: [String: ConfiguredValue] = [
            "SHELL": .literal("/bin/bash"), "PATH": .literal("/opt/bin:/bin"), "HOME": .literal("/srv"),
            "A": .literal("x \" y"), "B C": .literal("  z "), "D": .literal("e \"f\""),
        ]
        #expect(tasks[1].environment == second)
        #expect(tasks[1].workingDirectory == "/srv")
        #expect(tasks[1].command == ["/bin/bash", "-c", "second"])
        #expect(tasks[2].environment?["PATH"] == .literal("/bin"))
    }

    @Test(arguments: ["SHELL=bash", "SHELL=''", "HOME=''", "HOME=work"])
    func `without a shell or a folder nothing runs`(setting: String) {
        let crontab = Crontab("\(setting)\n0 0 * * * x\n")
        #expect(crontab.entries.isEmpty)
        #expect(crontab.problems.map(\.line) == [2])
    }

    @Test func `mail and what only cronie knows is said once`() {
        let crontab = Crontab(
            """
            MAILTO=""
            MAILTO=ops@example.com
            MAILTO=dev@example.com
            CRON_TZ=Europe/Berlin
            -0 1 * * * x
            @daily y
            @reboot z

            """
        )
        #expect(crontab.problems.map(\.line) == [2, 4, 5])
        #expect(crontab.isComplete)
        #expect(crontab.entries.map(\.task.schedule?.timeZone) == ["Europe/Berlin", "Europe/Berlin", nil])
        #expect(crontab.entries[0].task.environment?.keys.sorted() == ["PATH", "SHELL"])
    }

    // MARK: Who, and how it is called

    @Test func `a system's crontab has users`() {
        let text = """
            # +---- minute
            # *  *  *  *  * user-name command to be executed
            17 * * * * root cd / && run-parts --report /etc/cron.hourly
            @daily\twww-data\tphp x
            5 * * * * root

            """
        let crontab = Crontab(text, hasUsers: true)
        #expect(crontab.entries.map(\.task.user) == ["root", "www-data"])
        #expect(crontab.entries.map(\.task.id) == ["cron-run-parts", "cron-php"])
        #expect(command(crontab.entries[0].task)?.last == "cd / && run-parts --report /etc/cron.hourly")
        #expect(
            crontab.entries[0].task.description == "17 * * * * root cd / && run-parts --report /etc/cron.hourly"
        )
        #expect(crontab.problems.map(\.line) == [5])
        #expect(Crontab("1 * * * * root x\n").problems.first?.hint?.hasPrefix("--user-column") == true)
        #expect(Crontab("1 * * * * x\n", owner: "alice").entries.first?.task.user == "alice")
    }

    @Test(
        arguments: [
            ("/usr/local/bin/backup --all", "backup"), ("FOO=bar /opt/x.sh", "x.sh"), ("cd /x && ./y", "y"),
            ("test -x /usr/sbin/anacron || ( cd / && run-parts /etc/cron.daily )", "run-parts"),
            ("[ -x /usr/bin/a ] && nice -n 19 ionice -c 3 a", "a"), ("if [ -e /x ]; then b; fi", "b"),
            ("\"$HOME/bin/my job\" x", "my"), ("sleep 5; timeout 10m c", "c"), ("$(date)", "date"),
            ("../größe", "gr--e"), ("> /x", "x"), (";;", "job"), ("/bin/true", "true"), ("[ -e x ]", "job"),
            ("${X}", "X"),
        ]
    )
    func `a task is named after its program`(line: String, name: String) {
        let task = Crontab("* * * * * \(line)\n").entries.first?.task
        #expect(task?.id == "cron-\(name)")
        #expect(task?.problems() == [])
    }

    @Test func `names are told apart by numbers`() {
        let text = "1 * * * * a\n2 * * * * a-2\n3 * * * * a\n4 * * * * /b/a\n"
        #expect(Crontab(text, prefix: "").entries.map(\.task.id) == ["a", "a-2", "a-3", "a-4"])
        #expect(Crontab(text, prefix: "x.").entries.first?.task.id == "x.a")
    }

    @Test func `the comment right above and the line itself are the description`() {
        let crontab = Crontab("# far\n\n# Nightly.\n  0 3 * * * a\n#0 4 * * * old\n0 5 * * * b\n# no\nA=1\n0 6 * * * c")
        #expect(
            crontab.entries.map(\.task.description) == ["Nightly.\n0 3 * * * a", "0 5 * * * b", "0 6 * * * c"]
        )
        #expect(crontab.problems.map(\.line) == [9])
        #expect(crontab.isComplete)
    }

    @Test func `what is printed is read back as the same tasks`() throws {
        let crontab = Crontab(
            """
            HOME=/srv
            # It's "a: b" # and more
            0 3 * * 1-5 printf '%s\\n' "a  b" \\\\ %one%  two
            @reboot  ~/bin/x &

            """
        )
        let tasks = try crontab.entries.map { try JSONCoder.encode($0.task) }
        #expect(tasks.count == 2)
        #expect(try YAMLDocument((["tasks": .array(tasks)] as JSON).yaml).json == ["tasks": .array(tasks)])
        #expect(tasks[1]["schedule"] == ["everyBoot": true])
        #expect(tasks[1]["missed"] == nil)
        #expect(tasks[0]["missed"] == "skip")
        #expect(tasks[0]["overlap"] == "allow")
        let first: TaskDefinition = try JSONCoder.decode(from: tasks[0])
        #expect(first == crontab.entries[0].task)
    }

    @Test(arguments: ["", "\n\n", "# only\n", "\r\n", "A=1\n"])
    func `without jobs there are no tasks`(text: String) {
        #expect(Crontab(text) == Crontab(""))
    }

    // MARK: Where from

    @Test(
        arguments: [
            ("/etc/crontab", .system), ("/etc/cron.d/php", .system), ("/etc/cron.daily/x", .elsewhere),
            ("/var/spool/cron/crontabs/alice", .spool(user: "alice")), ("/var/spool/cron/bob", .spool(user: "bob")),
            ("/var/spool/cron/x/y", .elsewhere), ("/srv/crontab", .elsewhere),
        ] as [(String, CrontabSource.Place)]
    )
    func `the place says whose it is`(path: String, place: CrontabSource.Place) {
        #expect(CrontabSource.Place(path: path) == place)
    }

    @Test(
        arguments: [
            (.elsewhere, nil, nil), (.elsewhere, "alice", "alice"), (.system, nil, nil), (.system, "alice", "alice"),
            // Root takes over what is alice's, to run as her; what is root's runs as the agent does.
            (.spool(user: "alice"), nil, "alice"), (.spool(user: "alice"), "bob", "alice"),
            (.spool(user: "root"), nil, nil),
        ] as [(CrontabSource.Place, String?, String?)]
    )
    func `whom its commands run as`(place: CrontabSource.Place, importer: String?, owner: String?) {
        #expect(place.owner(importer: importer) == owner)
    }

    @Test(arguments: [["--partial"], ["--replace"], ["--prefix", "a b"]])
    func `options that mean nothing are refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try ImportCrontab.parse(arguments) }
    }
}
