import ReeveProtocol

extension CronExpression {
    /// What is probably not meant, each in one sentence.
    var warnings: [String] {
        let firstDay = CivilDate(year: 1970, month: 1, day: 1)?.daysSinceEpoch ?? 0
        let lastDay = CivilDate(year: 2099, month: 12, day: 31)?.daysSinceEpoch ?? 0
        guard self.firstDay(from: firstDay, through: lastDay) != nil else {
            return ["never fires: no year has such a day"]
        }
        return [secondWarning, dateWarning, eitherWarning].compactMap { $0 } + remarks.map(Self.words)
    }

    private var secondWarning: String? {
        guard seconds.nonzeroBitCount == 60 else { return nil }
        let isAlways = minutes.nonzeroBitCount == 60 && hours.nonzeroBitCount == 24
        return isAlways
            ? "fires every second"
            : "fires every second of those minutes; put 0 into the first field for once a minute"
    }

    /// Only where no other day can make up for it.
    private var dateWarning: String? {
        guard days.restrictsDate, !days.restrictsWeekday, days.special.isEmpty,
            let earliest = days.datesOfMonth.numbers.first, earliest > 28
        else { return nil }
        let lengths = months.numbers.map { $0 == 2 ? 29 : Int(CivilDate.days(in: Int64($0), of: 2000)) }
        guard lengths.contains(where: { $0 < earliest }) || earliest == 29 && months.has(2) else { return nil }
        switch earliest {
        case 31: return "31st: only seven months have it (L is the last day of every month)"
        case 30: return "30th: February does not have it (L is the last day of every month)"
        default: return "29th: February has it in leap years only (L is the last day of every month)"
        }
    }

    private var eitherWarning: String? {
        guard days.restrictsDate, days.restrictsWeekday else { return nil }
        return "both day fields are restricted: a day that fits either of them counts, not only one that fits both"
    }

    private static func words(_ remark: CronRemark) -> String {
        switch remark {
        case .anyInList(let field): "\(field.name): the * in the list lets everything through"
        case .emptyItem(let field): "\(field.name): the list has an empty item, which is passed over"
        case .unevenStep(let field, let step):
            "\(field.name): steps of \(step) begin anew at \(field.values.lowerBound), so the last one is shorter"
        }
    }
}
