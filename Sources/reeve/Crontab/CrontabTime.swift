/// When a line of a crontab is due.
struct CrontabTime: Equatable {
    /// As the line has it, with one blank between fields.
    let text: String
    /// What means the same to the agent.
    let expression: String

    var isReboot: Bool { expression == "@reboot" }

    private static let nicknames = [
        "@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly",
    ]

    init(nickname: Substring) throws(CrontabFault) {
        text = String(nickname)
        expression = text
        guard Self.nicknames.contains(text) else {
            throw CrontabFault("\"\(text)\" is no time that cron knows", hint: Self.nicknames.joined(separator: ", "))
        }
    }

    /// - Parameter words: The five fields.
    init(_ words: [Substring]) throws(CrontabFault) {
        text = words.joined(separator: " ")
        let minute = try CrontabField(words[0], .minute)
        let hour = try CrontabField(words[1], .hour)
        let date = try CrontabField(words[2], .dayOfMonth)
        let month = try CrontabField(words[3], .month)
        let days = try Self.days(date, try CrontabField(words[4], .dayOfWeek))
        expression = [minute.expression, hour.expression, days.date, month.expression, days.weekday]
            .joined(separator: " ")
    }

    /// The two day fields so that the agent lets the same days through.
    ///
    /// cron wants both to fit if one of them begins with `*`, be it `*/2`, and else either. The agent wants both to fit
    /// if one of them has a bare `*` in its list, and else either.
    private static func days(
        _ date: CrontabField,
        _ weekday: CrontabField
    ) throws(CrontabFault) -> (date: String, weekday: String) {
        let wantsBoth = date.beginsWithStar || weekday.beginsWithStar
        if wantsBoth == (date.hasStar || weekday.hasStar) { return (date.expression, weekday.expression) }
        if !wantsBoth { return (date.list, weekday.list) }
        if date.isFull { return ("*", weekday.expression) }
        if weekday.isFull { return (date.expression, "*") }
        guard let weeks = weeks(of: date.numbers) else { throw unsayable(date, weekday) }
        let days = weeks.flatMap { week in weekday.numbers.sorted().map { "\($0)#\(week)" } }
        return ("*", days.joined(separator: ","))
    }

    /// The month's weeks, counted in sevens from the 1st, if the dates are just some of them: the Mondays among 1 to 7
    /// are the first one, `1#1`.
    private static func weeks(of dates: Set<Int>) -> [Int]? {
        let weeks = (1...5).filter { dates.isSuperset(of: datesOfWeek($0)) }
        return weeks.map { datesOfWeek($0).count }.reduce(0, +) == dates.count ? weeks : nil
    }

    private static func datesOfWeek(_ week: Int) -> ClosedRange<Int> {
        week * 7 - 6...min(week * 7, 31)
    }

    private static func unsayable(_ date: CrontabField, _ weekday: CrontabField) -> CrontabFault {
        let days = weekday.numbers.map { $0 == 0 ? 7 : $0 }.sorted().map(String.init).joined()
        return CrontabFault(
            "day of month \"\(date.text)\" with day of week \"\(weekday.text)\": a day field that begins with * makes "
                + "cron want both to fit, which no one expression says here",
            hint: "* as day of week, and before the command: date +\\%u | grep -q '[\(days)]' &&"
        )
    }
}
