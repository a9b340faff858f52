package expression

// Type is the type of the whole.
func (p *Program) Type() Type {
	if p.root.kind() == nothing {
		return Any
	}
	return p.root.kind()
}
