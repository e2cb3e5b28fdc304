using System.Collections.Immutable;
using System.Reflection;
using Dpark.Closures.Code;
using Dpark.Closures.Shapes;
using Dpark.Text;

namespace Dpark.Closures.Format;

/// <summary>Collects the tables of one closure: assemblies, types, methods, shapes. An entry refers to earlier entries only. Used by one thread.</summary>
internal sealed class HeaderWriter(CodeCatalog catalog)
{
    private readonly Dictionary<string, int> _sharedAssemblies = [];
    private readonly Dictionary<Guid, int> _modules = [];
    private readonly List<CodeModule> _moduleList = [];
    private readonly HashSet<Assembly> _walked = [];
    private readonly Dictionary<Type, int> _types = [];
    private readonly Dictionary<MethodInfo, int> _methods = [];
    private readonly Dictionary<Shape, int> _shapes = new(ReferenceEqualityComparer.Instance);
    private readonly ClosureOutput _sharedTable = new();
    private readonly ClosureOutput _typeTable = new();
    private readonly ClosureOutput _methodTable = new();
    private readonly ClosureOutput _shapeTable = new();
    private ClosureOutput _current = new();

    /// <summary>The application's own modules so far.</summary>
    public ImmutableArray<CodeModule> Modules => [.. _moduleList];

    public void WriteNumber(int value) => _current.WriteNumber(value);

    public void WriteText(string value) => _current.WriteText(value);

    public void WriteValueShape(ValueShape value)
    {
        _current.WriteByte((byte)value.Kind);
        value.Describe(this);
    }

    /// <summary>The number of a shape; entered at first use.</summary>
    public int ShapeIndex(Shape shape)
    {
        if (_shapes.TryGetValue(shape, out var index))
        {
            return index;
        }

        // A shape names the shapes of its structs while it is written, so each is written apart.
        var outer = _current;
        var mine = _current = new ClosureOutput();
        mine.WriteByte((byte)shape.Kind);
        shape.Describe(this);
        _current = outer;
        _shapeTable.WriteBytes(mine.Written);
        index = _shapes.Count;
        _shapes.Add(shape, index);
        return index;
    }

    /// <summary>The number of a type; entered at first use.</summary>
    public int TypeIndex(Type type)
    {
        if (_types.TryGetValue(type, out var index))
        {
            return index;
        }

        if (type.IsArray)
        {
            var element = TypeIndex(type.GetElementType()!);
            _typeTable.WriteByte((byte)(type.IsSZArray ? TypeForm.Vector : TypeForm.Grid));
            _typeTable.WriteNumber(element);
            _typeTable.WriteByte((byte)type.GetArrayRank());
        }
        else if (type.IsConstructedGenericType)
        {
            var parts = type.GetGenericArguments().Prepend(type.GetGenericTypeDefinition()).Select(TypeIndex).ToArray();
            _typeTable.WriteByte((byte)TypeForm.Generic);
            _typeTable.WriteNumber(parts.Length - 1);
            Array.ForEach(parts, _typeTable.WriteNumber);
        }
        else
        {
            WriteNamedType(type);
        }

        index = _types.Count;
        _types.Add(type, index);
        return index;
    }

    /// <summary>The number of a method; entered at first use.</summary>
    public int MethodIndex(MethodInfo method)
    {
        if (_methods.TryGetValue(method, out var index))
        {
            return index;
        }

        var declaring = TypeIndex(method.DeclaringType!);
        var arguments = method.IsGenericMethod ? method.GetGenericArguments().Select(TypeIndex).ToArray() : [];
        var definition = Definition(method);
        var isShared = SharedAssemblies.IsShared(method.Module.Assembly);
        _methodTable.WriteNumber(declaring);
        _methodTable.WriteText(method.Name);
        _methodTable.WriteText(isShared ? definition.ToString()! : "");
        _methodTable.WriteNumber(isShared ? 0 : method.MetadataToken & 0xFFFFFF);
        _methodTable.WriteNumber(arguments.Length);
        Array.ForEach(arguments, _methodTable.WriteNumber);
        index = _methods.Count;
        _methods.Add(method, index);
        return index;
    }

    /// <summary>Writes all tables, in the order in which they are read.</summary>
    public void WriteTo(ClosureOutput output)
    {
        output.WriteNumber(_moduleList.Count);
        foreach (var module in _moduleList)
        {
            output.WriteText(module.Name);
            output.WriteBytes(module.Mvid.ToByteArray());
            output.WriteNumber(module.Hash.Length / 2);
            output.WriteBytes(LowerHex.ToBytes(module.Hash));
            output.WriteInt64(module.Length);
        }

        WriteTable(output, _sharedAssemblies.Count, _sharedTable);
        WriteTable(output, _types.Count, _typeTable);
        WriteTable(output, _methods.Count, _methodTable);
        WriteTable(output, _shapes.Count, _shapeTable);
    }

    /// <summary>The method as its own assembly declares it, without any type argument.</summary>
    public static MethodBase Definition(MethodInfo method) => method.Module.ResolveMethod(method.MetadataToken)!;

    private static void WriteTable(ClosureOutput output, int count, ClosureOutput table)
    {
        output.WriteNumber(count);
        output.WriteBytes(table.Written);
    }

    private void WriteNamedType(Type type)
    {
        if (type.FullName is not { } name || type.IsGenericParameter || type.HasElementType)
        {
            throw new NotSupportedException($"The type {type} has no name of its own.");
        }

        if (SharedAssemblies.IsShared(type.Assembly))
        {
            var assembly = SharedIndex(type.Assembly);
            _typeTable.WriteByte((byte)TypeForm.Shared);
            _typeTable.WriteNumber(assembly);
            _typeTable.WriteText(name);
            return;
        }

        var module = ModuleIndex(type.Assembly);
        _typeTable.WriteByte((byte)TypeForm.Own);
        _typeTable.WriteNumber(module);
        _typeTable.WriteNumber(type.MetadataToken & 0xFFFFFF);
        _typeTable.WriteText(name);
    }

    private int SharedIndex(Assembly assembly)
    {
        var name = assembly.GetName().Name!;
        if (!_sharedAssemblies.TryGetValue(name, out var index))
        {
            index = _sharedAssemblies.Count;
            _sharedAssemblies.Add(name, index);
            _sharedTable.WriteText(name);
        }

        return index;
    }

    private int ModuleIndex(Assembly assembly)
    {
        if (_walked.Add(assembly))
        {
            foreach (var module in catalog.DescribeWithReferences(assembly))
            {
                if (_modules.TryAdd(module.Mvid, _moduleList.Count))
                {
                    _moduleList.Add(module);
                }
            }
        }

        return _modules[assembly.ManifestModule.ModuleVersionId];
    }
}

/// <summary>How a type is written. The numbers are part of the format; they never change.</summary>
internal enum TypeForm : byte
{
    Shared = 0,
    Own = 1,
    Vector = 2,
    Grid = 3,
    Generic = 4,
}
