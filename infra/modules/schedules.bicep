// How far an alert looks back, from the schedule of the timer whose metrics it reads. Azure allows two days at most.

@description('The fields of an NCRONTAB schedule: second, minute, hour, day, month, day of week.')
func fieldsOf(schedule string) string[] => filter(split(schedule, ' '), field => !empty(field))

@description('True if the timer runs every day.')
@export()
func isDaily(schedule string) bool =>
  empty(filter(skip(fieldsOf(schedule), 3), field => !contains(['*', '*/1'], field)))

@description('At least two intervals of the schedule, so that one late or missing run raises no alert.')
@export()
func windowOf(schedule string, shortest string) string =>
  !isDaily(schedule)
    ? 'P2D'
    : contains(['*', '*/1'], fieldsOf(schedule)[2])
        ? shortest
        : contains(['*/2', '*/3', '*/4', '*/6', '*/8'], fieldsOf(schedule)[2]) ? 'P1D' : 'P2D'
