package campaigns

// suspectMeasures reports people who are kept back for nothing, and everybody who
// is.
func (c *campaignSuspicion) suspectMeasures() {
	if c.campaign.Holdout >= 1 {
		c.warn(c.root.at("holdout"), "everybody is kept back: this campaign contacts nobody", `write a share such as 5%, or "state: paused" if nobody is to be contacted`)
	}
	if c.campaign.Holdout > 0 && c.campaign.Goal == nil {
		c.warn(c.root.at("holdout"), "people are kept back to be compared with, and nothing is compared, because the campaign has no goal",
			`write what it is for, such as "goal: {event: Order Completed, within: 14d}", or remove "holdout"`)
	}
}
