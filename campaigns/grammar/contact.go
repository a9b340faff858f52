package grammar

// narrowing is what narrows the workspace's contact policy in a campaign.
func narrowing() *Object {
	o := contact()
	o.Name, o.Title = "contact-narrowed", "a campaign's own contact policy"
	for i := range o.Keys {
		o.Keys[i].Otherwise = "as the workspace has it"
	}
	return o
}

// contact is the contact policy of the workspace.
func contact() *Object {
	return &Object{"contact", "the contact policy", []Key{
		{
			Name: "hours", Type: append(append(Either{}, hours...), byChannel("hours-by-channel", "hours by channel", "When messages may go out by this channel.", hours, "any")),
			Example: `{call: ["09:00-12:30", "14:30-19:00"], sms: ["09:00-20:00"]}`, Otherwise: "any time",
			Means: "When messages may go out, on the customer's own clock: for all channels, or by channel. Outside of it they wait for the next opening.",
		},
		{
			Name: "days", Type: append(append(Either{}, days...), byChannel("days-by-channel", "days by channel", "The days on which messages may go out by this channel.", days, "weekdays")),
			Example: "weekdays", Otherwise: "any day",
			Means: "On which days, on the customer's own calendar: for all channels, or by channel.",
		},
		{Name: "holidays", Type: &List{Either{day, holidays}, 0}, Example: "[12-25, 12-26, {DE: [10-03]}]", Otherwise: "none", Means: "Days on the customer's own calendar on which nobody is called, texted or notified; e-mails go out. By country, for those who live there."},
		{Name: "caps", Type: &List{limit(), 0}, Example: "[{at_most: 4, per: 7d, topics: [marketing]}]", Otherwise: "no limit", Means: "How often a customer may be contacted. All of them hold."},
		{
			Name: "countries", Type: Either{&List{country, 0}, byChannel("countries-by-channel", "countries by channel", "The countries where anything may be sent by this channel.", &List{country, 0}, "[DE, AT]")},
			Example: "{sms: [DE, AT], call: [DE]}", Otherwise: "nowhere by sms and call, anywhere by email and push",
			Means: "Where anything may be sent: for all channels, or by channel.",
		},
	}}
}

// byChannel has a rule for each channel.
func byChannel(name, title, means string, rule Type, example string) *Object {
	object := &Object{Name: name, Title: title}
	for _, ch := range channel.Words {
		object.Keys = append(object.Keys, Key{Name: ch.Word, Type: rule, Means: means, Example: example, Otherwise: "nothing narrows it"})
	}
	return object
}

func limit() *Object {
	return &Object{"cap", "a cap", []Key{
		{Name: "at_most", Type: wholeNumber(1, 1_000_000, "4"), Need: true, Means: "How many messages at most."},
		{Name: "per", Type: duration, Example: "7d", Need: true, Means: "Within any such span of time: it rolls, and does not begin anew at midnight."},
		{Name: "channels", Type: &List{channel, 0}, Example: "[sms, call, push]", Otherwise: "all channels", Means: "Counts and holds messages by these channels."},
		{Name: "topics", Type: &List{identifier, 0}, Example: "[marketing]", Otherwise: "all topics", Means: "Counts and holds messages of these topics."},
	}}
}

var holidays = &Map{"holidays-by-country", "days by country", country, &List{day, 0}, "{DE: [10-03]}"}
