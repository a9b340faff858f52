package grammar

// File is a kind of file of a workspace, or a document in one.
type File struct {
	// Name is what `rapport schema` calls it; Paths are where it stands.
	Name  string
	Paths string
	Root  *Object
}

// Files lists every kind of file that is written in YAML.
func Files() []File {
	return []File{
		{"campaign", "campaigns/*.yaml", campaign()},
		{"segment", "segments/*.yaml", segment()},
		{"workspace", "rapport.yaml", workspace()},
		{"test", "tests/*.yaml", rehearsal()},
		{"template-call", "templates/call/*.yaml", callScript()},
		{"template-push", "templates/push/*.yaml", notification()},
	}
}

// FileNamed finds a kind of file.
func FileNamed(name string) (File, bool) {
	for _, file := range Files() {
		if file.Name == name {
			return file, true
		}
	}
	return File{}, false
}

// Type is what may stand in a place: a *Scalar, *Words, *List, *Map, *Object,
// *Forms, Either or Ref.
type Type interface {
	// Describe says in a few words what stands there: "a duration".
	Describe() string
}

// Object is a map whose keys the language knows.
type Object struct {
	// Name tells objects apart; Title is what it is, in a few words.
	Name, Title string
	Keys        []Key
}

// Key is one key of an object.
type Key struct {
	Name  string
	Type  Type
	Means string // in a sentence
	// Need says that the object is none without it. Beside is the key and value
	// it goes with, where it means nothing without.
	Need   bool
	Beside string
	// Default is the value, in YAML, that a missing key stands for. Otherwise
	// says in words what holds without it, where no value would say the same.
	Default   string
	Otherwise string
	// Example is a value in YAML; "" takes the type's.
	Example string
}

// Forms is an object that comes in several forms. The first key of a form tells
// that it is meant.
type Forms struct {
	Name, Title string
	Forms       []*Object
}

// Scalar is a single value.
type Scalar struct {
	Name, Title string
	// Shapes are the JSON types it may have: string, number, integer, boolean.
	Shapes []string
	// Pattern bounds texts, where there is one; Low and High bound numbers,
	// where they differ.
	Pattern   string
	Low, High float64
	// Yes says that the value, where there is one, is true.
	Yes bool
	// Examples are values in YAML.
	Examples []string
	Means    string // what there is to know about its writing
}

// Words is a choice of few words.
type Words struct {
	Name, Title string
	Words       []Word
}

// Word is one word of a choice.
type Word struct{ Word, Means string }

// List is a list of at least so many.
type List struct {
	Of    Type
	Least int
}

// Map is a map whose keys the writer chooses.
type Map struct {
	Name, Title string
	Keys        *Scalar
	Of          Type
	// Example is in YAML.
	Example string
}

// Either is one of several types.
type Either []Type

// Ref names a type that is described elsewhere: steps hold steps.
type Ref string

func (o *Object) Describe() string { return o.Title }
func (f *Forms) Describe() string  { return f.Title }
func (s *Scalar) Describe() string { return s.Title }
func (w *Words) Describe() string  { return w.Title }
func (m *Map) Describe() string    { return m.Title }
func (r Ref) Describe() string     { return string(r) }

func (l *List) Describe() string {
	if object, is := l.Of.(*Object); is {
		return "a list of " + object.Name + "s"
	}
	return "a list, each " + l.Of.Describe()
}

func (e Either) Describe() string {
	title := ""
	for i, t := range e {
		if i > 0 {
			title += ", or "
		}
		title += t.Describe()
	}
	return title
}

// Key finds a key of the object.
func (o *Object) Key(name string) (Key, bool) {
	for _, key := range o.Keys {
		if key.Name == name {
			return key, true
		}
	}
	return Key{}, false
}

// First is the name of the key that tells the form.
func (o *Object) First() string { return o.Keys[0].Name }

// Every visits a type and all that it consists of, once for each place.
func Every(t Type, visit func(Type)) {
	visit(t)
	switch t := t.(type) {
	case *Object:
		for _, key := range t.Keys {
			Every(key.Type, visit)
		}
	case *Forms:
		for _, form := range t.Forms {
			Every(form, visit)
		}
	case *List:
		Every(t.Of, visit)
	case *Map:
		if t.Keys != nil {
			Every(t.Keys, visit)
		}
		Every(t.Of, visit)
	case Either:
		for _, one := range t {
			Every(one, visit)
		}
	}
}
