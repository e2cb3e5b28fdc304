namespace Dpark.Conformance.Serialization;

// Each pair is one message before and after a change that is compatible.

[GenerateSerializer]
public sealed class BeforeGrowth
{
    [Id(0)]
    public int Kept { get; set; }
}

[GenerateSerializer]
public sealed class AfterGrowth
{
    [Id(0)]
    public int Kept { get; set; }

    [Id(1)]
    public string Added { get; set; } = "default";

    [Id(2)]
    public Node? AddedNode { get; set; }

    [Id(5)]
    public List<int>? AddedList { get; set; }
}

[GenerateSerializer]
public sealed class BeforeWidening
{
    [Id(0)]
    public short Negative { get; set; }

    [Id(1)]
    public byte Positive { get; set; }

    [Id(2)]
    public int Wide { get; set; }
}

[GenerateSerializer]
public sealed class AfterWidening
{
    [Id(2)]
    public long Wide { get; set; }

    [Id(0)]
    public int Negative { get; set; }

    [Id(1)]
    public uint Positive { get; set; }
}

[GenerateSerializer]
public sealed record BeforeParameter(int First)
{
    [Id(0)]
    public string Body { get; init; } = "";
}

[GenerateSerializer]
public sealed record AfterParameter(int First, string? Second)
{
    [Id(0)]
    public string Body { get; init; } = "";
}

/// <summary>A class whose members get their ids from their names.</summary>
[GenerateSerializer(GenerateFieldIds = GenerateFieldIds.PublicProperties)]
public sealed class NamedMembers
{
    public int Number { get; set; }

    public string Text { get; set; } = "";
}

/// <summary>Objects that lose their identity and are cheaper for it.</summary>
[GenerateSerializer, SuppressReferenceTracking]
public sealed class Untracked
{
    [Id(0)]
    public int Number { get; set; }
}

/// <summary>A class that an activator makes, with a service.</summary>
[GenerateSerializer, UseActivator]
public sealed class Activated
{
    public Activated(string origin) => Origin = origin;

    [field: NonSerialized]
    public string Origin { get; }

    [Id(0)]
    public int Number { get; set; }
}

[RegisterActivator]
public sealed class ActivatedActivator : Orleans.Serialization.Activators.IActivator<Activated>
{
    public Activated Create() => new("activator");
}

/// <summary>A class whose constructor gets services.</summary>
[GenerateSerializer]
public sealed class Served
{
    [GeneratedActivatorConstructor]
    public Served(ServedService service) => Service = service;

    [field: NonSerialized]
    public ServedService Service { get; }

    [Id(0)]
    public int Number { get; set; }
}

public sealed class ServedService;
